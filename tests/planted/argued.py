"""Mutants that no test can see, each with the reason why it is the same program."""

ARGUED: dict[str, str] = {
    "cats/forward:run/condition3": "Only the place in the user's code that a step remembers, "
    "which no value depends on.",
    "cats/blockwise:dense/condition": "Both branches write out the same matrix, by columns or by "
    "rows; the condition chooses the cheaper.",
    "wire:emit/condition7": "Says in which space a bare number is lifted that a rule returns; "
    "rules return wires, and none has an operation without arguments at its head.",
}
