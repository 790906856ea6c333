"""Differential equations: Runge-Kutta, finite differences, mechanics, chemistry, populations.

Hairer, Norsett and Wanner, "Solving Ordinary Differential Equations I", 1993 (HNW), and II, 1996.
"""

import math

import numpy as np


def rk4(f, y, t, h):
    k1 = f(t, y)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + h / 2, y + h / 2 * k2)
    k4 = f(t + h, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def lorenz(y, parameters=(10.0, 28.0, 8 / 3), steps=8, h=0.02):
    """Lorenz 1963; HNW I.16."""
    sigma, rho, beta = parameters

    def rhs(t, y):
        dy = np.zeros(3)
        dy[0] = sigma * (y[1] - y[0])
        dy[1] = y[0] * (rho - y[2]) - y[1]
        dy[2] = y[0] * y[1] - beta * y[2]
        return dy

    t = 0.0
    while t < steps * h - 1e-12:
        y = rk4(rhs, y, t, h)
        t += h
    return y


def lotka_volterra(p):
    """Lotka 1925, Volterra 1926: the squared distance to observed numbers, over parameters."""
    observed = [(30.0, 4.0), (47.2, 6.1), (70.2, 9.8), (77.4, 35.2)]
    prey, hunters = p["prey"], p["hunters"]
    loss = 0.0
    for year, (a, b) in enumerate(observed):
        if year > 0:
            for _ in range(5):
                dprey = p["birth"] * prey - p["bite"] * prey * hunters
                dhunters = p["gain"] * prey * hunters - p["death"] * hunters
                prey, hunters = prey + 0.2 * dprey, hunters + 0.2 * dhunters
        loss += (prey - a) ** 2 + (hunters - b) ** 2
    return loss


def sir(beta, gamma, days=10):
    """Kermack and McKendrick 1927: the height of the wave."""
    s, i, r = 0.99, 0.01, 0.0
    peak = i
    history = []
    for _ in range(days):
        infected, recovered = beta * s * i, gamma * i
        s, i, r = s - infected, i + infected - recovered, r + recovered
        history.append(i)
        if i > peak:
            peak = i
    return peak + 0.1 * sum(history) + r


def dormand_prince(mu, tolerance=1e-4):
    """van der Pol 1926 with Dormand-Prince 5(4) and step control: HNW II.4."""
    c = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1]
    a = [
        [],
        [1 / 5],
        [3 / 40, 9 / 40],
        [44 / 45, -56 / 15, 32 / 9],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
    low = [5179 / 57600, 0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40]
    y, t, h = np.array([2.0, 0.0]), 0.0, 0.1
    end = 0.5

    def f(t, y):
        return np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])

    while t < end:
        h = min(h, end - t)
        k = []
        for s in range(7):
            z = y
            for j in range(s):
                z = z + h * a[s][j] * k[j]
            k.append(f(t + c[s] * h, z))
        new = z
        error = h * sum((a[6] + [0])[s] * k[s] - low[s] * k[s] for s in range(7))
        size = float(np.max(np.abs(error)))
        if size <= tolerance:
            y, t = new, t + h
        h *= min(5.0, max(0.2, 0.9 * (tolerance / (size + 1e-30)) ** 0.2))
    return y


def robertson(y, steps=4, h=1e-4):
    """Robertson 1966, stiff, by implicit Euler with Newton inside: HNW II, IV.1."""
    k1, k2, k3 = 0.04, 3e7, 1e4
    for _ in range(steps):
        z = y.copy()
        for _ in range(3):
            f = np.zeros(3)
            f[0] = -k1 * z[0] + k3 * z[1] * z[2]
            f[2] = k2 * z[1] ** 2
            f[1] = -f[0] - f[2]
            jac = np.array([
                [-k1, k3 * z[2], k3 * z[1]],
                [k1, -k3 * z[2] - 2 * k2 * z[1], -k3 * z[1]],
                [0.0, 2 * k2 * z[1], 0.0],
            ])  # fmt: skip
            z = z - np.linalg.solve(np.eye(3) - h * jac, z - y - h * f)
        y = z
    return y


def heat(u, kappa, steps=6):
    """The heat equation, explicit: Richtmyer and Morton 1967."""
    u = u.copy()
    r = 0.2 * kappa
    for _ in range(steps):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + r * (u[i + 1] - 2 * u[i] + u[i - 1])
        u = new
    return u


def crank_nicolson(u, kappa, steps=3):
    """Crank and Nicolson 1947, by tridiagonal elimination in each step."""
    n = len(u)
    r = kappa / 2
    for _ in range(steps):
        d = np.zeros(n)
        for i in range(n):
            left = u[i - 1] if i > 0 else 0.0
            right = u[i + 1] if i + 1 < n else 0.0
            d[i] = r * left + (1 - 2 * r) * u[i] + r * right
        b = np.full(n, 1.0) * (1 + 2 * r)
        for i in range(1, n):
            w = -r / b[i - 1]
            b[i] += w * r
            d[i] -= w * d[i - 1]
        u = np.zeros(n)
        u[-1] = d[-1] / b[-1]
        for i in range(n - 2, -1, -1):
            u[i] = (d[i] + r * u[i + 1]) / b[i]
    return u


def wave(speed, steps=5, n=8):
    """The wave equation by leapfrog: Courant, Friedrichs and Lewy 1928."""
    c2 = speed**2
    u = np.zeros((steps + 1, n))
    u[0, 1:-1] = np.sin(np.pi * np.linspace(0, 1, n))[1:-1]
    u[1] = u[0]
    for k in range(1, steps):
        u[k + 1, 1:-1] = (
            2 * u[k, 1:-1] - u[k - 1, 1:-1] + c2 * (u[k, 2:] - 2 * u[k, 1:-1] + u[k, :-2])
        )
    return np.sum(u[-1] ** 2)


def burgers(u, dt=0.05, dx=0.2, steps=4):
    """Burgers 1948, upwind: LeVeque 2002."""
    u = u.copy()
    for _ in range(steps):
        flux = np.zeros(len(u) + 1)
        for i in range(1, len(u)):
            l, r = u[i - 1], u[i]
            if l > r:
                flux[i] = 0.5 * l**2 if l + r > 0 else 0.5 * r**2
            elif l > 0:
                flux[i] = 0.5 * l**2
            elif r < 0:
                flux[i] = 0.5 * r**2
        flux[0], flux[-1] = flux[1], flux[-2]
        u -= dt / dx * (flux[1:] - flux[:-1])
    return u


def poisson(source, sweeps=3):
    """Poisson's equation in the plane, Gauss-Seidel by loops: Press et al. 2007, 20.5."""
    n, m = source.shape
    u = np.zeros((n + 2, m + 2))
    for _ in range(sweeps):
        for i in range(1, n + 1):
            for j in range(1, m + 1):
                u[i, j] = (
                    u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] + source[i - 1, j - 1]
                ) / 4
    return u[1:-1, 1:-1]


def n_body(x, v, masses, steps=3, dt=0.05):
    """Gravity by leapfrog: Verlet 1967."""
    n = len(masses)

    def forces(x):
        a = np.zeros((n, 2))
        for i in range(n):
            for j in range(n):
                if i != j:
                    d = x[j] - x[i]
                    a[i] += masses[j] * d / (d @ d + 0.01) ** 1.5
        return a

    x, v = x.copy(), v.copy()
    a = forces(x)
    for _ in range(steps):
        v += dt / 2 * a
        x += dt * v
        a = forces(x)
        v += dt / 2 * a
    return np.concatenate([x.ravel(), v.ravel()])


def double_pendulum(s, steps=3, h=0.05):
    """Shinbrot et al. 1992: angles and velocities after some Runge-Kutta steps."""

    def f(t, s):
        a, b, p, q = s
        d = a - b
        den = 3 - math.cos(2 * d)
        dp = -3 * 9.81 * math.sin(a) - 9.81 * math.sin(a - 2 * b)
        dp -= 2 * math.sin(d) * (q**2 + p**2 * math.cos(d))
        dq = 2 * math.sin(d) * (2 * p**2 + 2 * 9.81 * math.cos(a) + q**2 * math.cos(d))
        return np.array([p, q, dp / den, dq / den])

    for k in range(steps):
        s = rk4(f, s, k * h, h)
    return s


def shooting(slope):
    """Troesch 1976: the miss at the far end of y'' = 2 sinh 2y: Stoer and Bulirsch 7.3.4."""
    y, dy = 0.0, slope
    h = 0.1
    for _ in range(10):
        k1, l1 = dy, 2 * math.sinh(2 * y)
        k2, l2 = dy + h / 2 * l1, 2 * math.sinh(2 * (y + h / 2 * k1))
        y, dy = y + h * k2, dy + h * l2
    return y - 1.0


def kepler(m, e):
    """Kepler's equation 1609 by Newton, and the true anomaly."""
    big = m if e < 0.8 else math.pi
    for _ in range(30):
        step = (big - e * math.sin(big) - m) / (1 - e * math.cos(big))
        big -= step
        if abs(step) < 1e-13:
            break
    return 2 * math.atan2(
        math.sqrt(1 + e) * math.sin(big / 2), math.sqrt(1 - e) * math.cos(big / 2)
    )


def orbit(elements, t):
    """Position from orbital elements: Bate, Mueller and White 1971, 2.6."""
    a, e, i, node, peri = elements
    mean = t / a**1.5
    big = mean
    for _ in range(6):
        big = mean + e * np.sin(big)
    x, y = a * (np.cos(big) - e), a * np.sqrt(1 - e**2) * np.sin(big)
    turn = np.eye(3)
    for axis, angle in (("z", peri), ("x", i), ("z", node)):
        c, s = np.cos(angle), np.sin(angle)
        r = np.eye(3)
        if axis == "z":
            r[0, 0], r[0, 1], r[1, 0], r[1, 1] = c, -s, s, c
        else:
            r[1, 1], r[1, 2], r[2, 1], r[2, 2] = c, -s, s, c
        turn = r @ turn
    return turn @ np.array([x, y, 0.0])


def brusselator(a, b, steps=8, h=0.05):
    """Lefever and Nicolis 1971; HNW I.16, by Heun's method."""
    y = np.array([1.5, 3.0])
    for _ in range(steps):

        def f(y):
            out = np.empty(2)
            out[0] = a + y[0] ** 2 * y[1] - (b + 1) * y[0]
            out[1] = b * y[0] - y[0] ** 2 * y[1]
            return out

        first = f(y)
        y = y + h / 2 * (first + f(y + h * first))
    return y


def hodgkin_huxley(current, steps=6, dt=0.02):
    """Hodgkin and Huxley 1952: the membrane after a short pulse."""

    def rate(v, shift, scale, width):
        x = (v + shift) / width
        return scale * x / (1 - math.exp(-x)) if abs(x) > 1e-7 else scale * (1 + x / 2)

    v, m, h, n = -65.0, 0.05, 0.6, 0.32
    for _ in range(steps):
        am, bm = rate(v, 40.0, 1.0, 10.0), 4.0 * math.exp(-(v + 65) / 18)
        ah, bh = 0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))
        an, bn = rate(v, 55.0, 0.1, 10.0), 0.125 * math.exp(-(v + 65) / 80)
        flow = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.4)
        v = v + dt * (current - flow)
        m, h, n = (
            m + dt * (am * (1 - m) - bm * m),
            h + dt * (ah * (1 - h) - bh * h),
            n + dt * (an * (1 - n) - bn * n),
        )
    return v
