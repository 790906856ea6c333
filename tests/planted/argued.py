"""Mutants that no test can see, each with the reason why it is the same program."""

ARGUED: dict[str, str] = {
    "cats/forward:_run/condition3": "Only the place in the user's code that a step remembers, "
    "which no value depends on.",
    "cats/blockwise:matrix_of/condition": "Both branches write out the same matrix, by columns "
    "or by rows; the condition chooses the cheaper.",
    "prune:_direct/condition10": "A call then reads the copy of a tangent and not the tangent: "
    "the same map, by one step more.",
    "wire:emit/condition9": "Says in which space a bare number is lifted that a rule returns; "
    "rules return wires, and none has an operation without arguments at its head.",
    "wire:lift_all/condition3": "Of the wires beside a bare number the real one says its width; "
    "no operation takes a bare number beside wires of two kinds.",
    "cats/forward:components/condition3": "Only how the error names what is no tuple of tangents.",
    "prims/algebra:add/swapped": "y + x is x + y in IEEE arithmetic, to the last bit.",
    "prims/math_functions:fma/order": "x * y + z is y * x + z, rounded once, to the last bit.",
    "prims/layout:convert/structure": "Any structure but the true one is handled as dense: the "
    "matrix is the same, only dearer.",
    "prims/smooth:root/number2": "What is divided by where the mask keeps nothing: any number "
    "but 0.",
    "rules/structure:add_commutes/sides": "The law f + g = g + f is its own converse.",
    "cats/maps:_split/condition2": "Whether the halves are compiled at once or when first run: "
    "`execute` runs both alike.",
}
