"""Engineering and physics: structures, optics, gases, robots, chemistry, control."""

import math

import numpy as np


def robot_arm(q, lengths=(1.0, 0.8, 0.5)):
    """The hand of a planar arm: Denavit and Hartenberg 1955; Craig 1989."""
    frame = np.eye(3)
    for angle, length in zip(q, lengths):
        c, s = math.cos(angle), math.sin(angle)
        joint = np.array([[c, -s, length * c], [s, c, length * s], [0, 0, 1]])
        frame = frame @ joint
    return frame[:2, 2]


NODES = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.8], [1.5, 0.8]])
BARS = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]


def truss(areas, load=(0.0, -1.0)):
    """Displacements of a plane truss by its assembled stiffness: Turner et al. 1956."""
    n = 2 * len(NODES)
    stiffness = np.zeros((n, n))
    for area, (i, j) in zip(areas, BARS):
        d = NODES[j] - NODES[i]
        length = np.sqrt(d @ d)
        c, s = d / length
        k = area / length * np.array([[c * c, c * s], [c * s, s * s]])
        for a, p in enumerate((i, j)):
            for b, q in enumerate((i, j)):
                sign = 1.0 if a == b else -1.0
                stiffness[2 * p : 2 * p + 2, 2 * q : 2 * q + 2] += sign * k
    free = [4, 5, 6, 7]
    force = np.zeros(n)
    force[6:8] = load
    return np.linalg.solve(stiffness[np.ix_(free, free)], force[free])


def beam(height, load=1.0, n=10):
    """The deflection of a cantilever of varying height: Timoshenko 1930, integrated twice."""
    x = np.linspace(0, 1, n + 1)
    h = x[1] - x[0]
    slope, deflection = 0.0, 0.0
    for i in range(n):
        middle = (x[i] + x[i + 1]) / 2
        inertia = (height[0] + (height[1] - height[0]) * middle) ** 3 / 12
        curvature = load * (1 - middle) / inertia
        slope += h * curvature
        deflection += h * slope
    return deflection


def thin_film(n, d, wavelength=0.55, outside=1.0, glass=1.52):
    """The reflectance of a stack by 2x2 matrices in real form: Abeles 1950; Born and Wolf 1.6."""
    re, im = np.eye(2), np.zeros((2, 2))
    for index, thickness in zip(n, d):
        phase = 2 * np.pi * index * thickness / wavelength
        a = np.array([[np.cos(phase), 0.0], [0.0, np.cos(phase)]])
        b = np.array([[0.0, np.sin(phase) / index], [index * np.sin(phase), 0.0]])
        re, im = re @ a - im @ b, re @ b + im @ a
    b_re, b_im = re[0, 0] + re[0, 1] * glass, im[0, 0] + im[0, 1] * glass
    c_re, c_im = re[1, 0] + re[1, 1] * glass, im[1, 0] + im[1, 1] * glass
    top = (outside * b_re - c_re) ** 2 + (outside * b_im - c_im) ** 2
    return top / ((outside * b_re + c_re) ** 2 + (outside * b_im + c_im) ** 2)


def van_der_waals(t, v, a=0.364, b=4.27e-5):
    """Pressure, van der Waals 1873, and compressibility."""
    r = 8.314
    if v <= b:
        raise ValueError("the molecules overlap")
    p = r * t / (v - b) - a / v**2
    return np.array([p, p * v / (r * t)])


def equilibrium(k, c):
    """A weak acid: the proton concentration by bisection and Newton on its cubic: Butler 1964."""
    kw = 1e-4
    f = lambda h: h**3 + k * h**2 - (k * c + kw) * h - k * kw  # noqa: E731
    low, high = 0.0, 1.0
    while high - low > 0.05:
        middle = 0.5 * (low + high)
        if f(middle) > 0:
            high = middle
        else:
            low = middle
    h = high
    for _ in range(8):
        h -= f(h) / (3 * h**2 + 2 * k * h - (k * c + kw))
    return h


def reaction_network(rates, steps=5, h=0.1):
    """A -> B -> C with return, by a stoichiometric matrix: Feinberg 1987."""
    network = [({"A": 1}, {"B": 1}), ({"B": 2}, {"B": 1, "C": 1}), ({"C": 1}, {"A": 1})]
    amounts = {"A": 1.0, "B": 0.2, "C": 0.0}
    for _ in range(steps):
        change = dict.fromkeys(amounts, 0.0)
        for rate, (left, right) in zip(rates, network):
            flow = rate
            for name, count in left.items():
                flow = flow * amounts[name] ** count
                change[name] -= count * flow
            for name, count in right.items():
                change[name] += count * flow if name not in left else count * flow
        for name in amounts:
            amounts[name] = amounts[name] + h * change[name]
    return [amounts[name] for name in "ABC"]


def circuit(resistors):
    """Node voltages of a ladder by its conductance matrix: Ho, Ruehli and Brennan 1975."""
    n = len(resistors) // 2
    g = np.zeros((n, n))
    for k in range(n):
        series, shunt = 1 / resistors[2 * k], 1 / resistors[2 * k + 1]
        g[k, k] += series + shunt
        if k > 0:
            g[k - 1, k - 1] += series
            g[k, k - 1] -= series
            g[k - 1, k] -= series
    current = np.zeros(n)
    current[0] = 1 / resistors[0]
    return np.linalg.solve(g, current)


def airfoil(params, n=6):
    """A NACA four-digit section, Jacobs et al. 1933: its area by the trapezoidal rule."""
    m, p, t = params
    upper, lower = [], []
    xs = [0.5 * (1 - math.cos(math.pi * i / n)) for i in range(n + 1)]
    for x in xs:
        thick = (
            5
            * t
            * (0.2969 * math.sqrt(x) - 0.126 * x - 0.3516 * x**2 + 0.2843 * x**3 - 0.1015 * x**4)
        )
        if x < p:
            camber = m / p**2 * (2 * p * x - x**2)
        else:
            camber = m / (1 - p) ** 2 * (1 - 2 * p + 2 * p * x - x**2)
        upper.append(camber + thick)
        lower.append(camber - thick)
    area = 0.0
    for i in range(n):
        area += (xs[i + 1] - xs[i]) * (upper[i] - lower[i] + upper[i + 1] - lower[i + 1]) / 2
    return area + max(upper)


def barrier(x, mu=0.1):
    """A linear program behind a logarithmic barrier: Fiacco and McCormick 1968."""
    c = np.array([-1.0, -2.0])
    a = np.array([[1.0, 1.0], [1.0, 3.0], [-1.0, 0.0], [0.0, -1.0]])
    b = np.array([4.0, 6.0, 0.0, 0.0])
    value = c @ x
    for i in range(len(b)):
        slack = b[i] - a[i] @ x
        if slack <= 0:
            return np.inf
        value -= mu * np.log(slack)
    return value


def pid(gains, steps=12, dt=0.1):
    """The squared error of a controlled second-order plant: Ziegler and Nichols 1942."""
    kp, ki, kd = gains
    x = v = integral = 0.0
    last = 1.0
    cost = 0.0
    for k in range(steps):
        error = 1.0 - x
        integral += error * dt
        force = kp * error + ki * integral + kd * (error - last) / dt
        force = max(-3.0, min(3.0, force))
        v += dt * (force - 0.5 * v - x)
        x += dt * v
        last = error
        cost += error**2 * dt * (1 + k)
    return cost


def snell(angle, layers=((1.0, 0.3), (1.33, 0.5), (1.5, 0.2))):
    """Where a ray comes out below layered glass: Snell 1621; Born and Wolf 3.2."""
    n0 = layers[0][0]
    offset = 0.0
    for n, depth in layers:
        s = n0 / n * math.sin(angle)
        offset += depth * s / math.sqrt(1 - s * s)
    return offset


def mandelbrot_escape(c):
    """The smooth escape time of z**2 + c in real arithmetic: Mandelbrot 1980; Vepstas 1997."""
    x = y = 0.0
    n = 0
    while x * x + y * y < 100.0 and n < 40:
        x, y = x * x - y * y + c[0], 2 * x * y + c[1]
        n += 1
    if n == 40:
        return 0.0 * x
    return n + 1 - math.log(math.log(math.sqrt(x * x + y * y))) / math.log(2)
