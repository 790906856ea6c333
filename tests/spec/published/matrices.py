"""Linear algebra by loops, after Golub and Van Loan, "Matrix Computations", 3rd edition 1996."""

import numpy as np


def thomas(a, b, c, d):
    """Tridiagonal systems: Thomas 1949; Golub and Van Loan 4.3.6."""
    n = len(d)
    cp, dp, x = np.zeros(n), np.zeros(n), np.zeros(n)
    cp[0] = c[0] / b[0]
    dp[0] = d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i - 1] * cp[i - 1]
        if i < n - 1:
            cp[i] = c[i] / m
        dp[i] = (d[i] - a[i - 1] * dp[i - 1]) / m
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


def lu_solve(a, b):
    """Gaussian elimination with partial pivoting: algorithm 3.4.1."""
    a, b = a.copy(), b.copy()
    n = len(b)
    for k in range(n - 1):
        p = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        if p != k:
            a[[k, p]] = a[[p, k]]
            b[k], b[p] = b[p], b[k]
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
            b[i] -= a[i, k] * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return x


def determinant(a):
    """By elimination, keeping the sign: section 3.2."""
    a = np.array(a)
    n = a.shape[0]
    det = 1.0
    for k in range(n):
        p = k + int(np.argmax(np.abs(a[k:, k])))
        if p != k:
            a[[k, p], :] = a[[p, k], :]
            det = -det
        det *= a[k, k]
        for i in range(k + 1, n):
            a[i, k:] = a[i, k:] - a[i, k] / a[k, k] * a[k, k:]
    return det


def cholesky(a):
    """Column by column: algorithm 4.2.1."""
    n = len(a)
    g = np.zeros((n, n))
    for j in range(n):
        s = a[j, j]
        for k in range(j):
            s -= g[j, k] ** 2
        g[j, j] = np.sqrt(s)
        for i in range(j + 1, n):
            s = a[i, j]
            for k in range(j):
                s -= g[i, k] * g[j, k]
            g[i, j] = s / g[j, j]
    return g


def householder_qr(a):
    """Householder 1958; algorithm 5.2.1."""
    r = a.copy()
    m, n = r.shape
    q = np.eye(m)
    for k in range(n):
        x = r[k:, k].copy()
        norm = np.sqrt(np.sum(x * x))
        if x[0] > 0:
            norm = -norm
        v = x
        v[0] -= norm
        beta = 2 / np.sum(v * v)
        r[k:, k:] -= beta * np.outer(v, v @ r[k:, k:])
        q[:, k:] -= beta * np.outer(q[:, k:] @ v, v)
    return q, r[:n]


def givens_least_squares(a, b):
    """Least squares by rotations: Givens 1958; algorithm 5.2.2."""
    r, y = a.copy(), b.copy()
    m, n = r.shape
    for j in range(n):
        for i in range(m - 1, j, -1):
            f, g = r[i - 1, j], r[i, j]
            if abs(g) == 0.0:
                continue
            h = np.sqrt(f * f + g * g)
            c, s = f / h, g / h
            top, low = r[i - 1].copy(), r[i].copy()
            r[i - 1] = c * top + s * low
            r[i] = c * low - s * top
            y[i - 1], y[i] = c * y[i - 1] + s * y[i], c * y[i] - s * y[i - 1]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - np.dot(r[i, i + 1 : n], x[i + 1 :])) / r[i, i]
    return x


def gram_schmidt(a):
    """The modified process: algorithm 5.2.5."""
    q = np.zeros(a.shape)
    v = a.copy()
    n = a.shape[1]
    for k in range(n):
        q[:, k] = v[:, k] / np.sqrt(v[:, k] @ v[:, k])
        for j in range(k + 1, n):
            v[:, j] -= q[:, k] * (q[:, k] @ v[:, j])
    return q


def jacobi_method(a, b, sweeps=6):
    """Jacobi's iteration: section 10.1.1."""
    x = np.zeros(len(b))
    for _ in range(sweeps):
        new = np.zeros(len(b))
        for i in range(len(b)):
            new[i] = (b[i] - sum(a[i, j] * x[j] for j in range(len(b)) if j != i)) / a[i, i]
        x = new
    return x


def sor(a, b, omega=1.2, tolerance=1e-3):
    """Successive over-relaxation, until nothing moves: Young 1954; section 10.1.4."""
    x = np.zeros_like(b)
    while True:
        change = 0.0
        for i in range(len(b)):
            step = omega * (b[i] - np.dot(a[i], x)) / a[i, i]
            x[i] += step
            change = max(change, abs(step))
        if change < tolerance:
            return x


def conjugate_gradients(a, b):
    """Hestenes and Stiefel 1952; algorithm 10.2.1."""
    x = np.zeros(len(b))
    r = b - a @ x
    p = r.copy()
    rho = r @ r
    for _ in range(len(b)):
        w = a @ p
        alpha = rho / (p @ w)
        x += alpha * p
        r -= alpha * w
        rho, old = r @ r, rho
        p = r + rho / old * p
    return x


def power_iteration(a, steps=12):
    """The largest eigenvalue: von Mises 1929; section 7.3.1."""
    v = np.ones(a.shape[0])
    value = 0.0
    for _ in range(steps):
        w = a @ v
        v = w / np.sqrt(w @ w)
        value = v @ a @ v
    return value


def jacobi_eigenvalues(a, sweeps=4):
    """Cyclic Jacobi rotations of a symmetric matrix: section 8.4."""
    a = (a + a.T) / 2
    n = len(a)
    for _ in range(sweeps):
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(a[p, q]) < 1e-14:
                    continue
                tau = (a[q, q] - a[p, p]) / (2 * a[p, q])
                if tau >= 0:
                    t = 1 / (tau + np.sqrt(1 + tau**2))
                else:
                    t = -1 / (-tau + np.sqrt(1 + tau**2))
                c = 1 / np.sqrt(1 + t**2)
                s = t * c
                j = np.eye(n)
                j[p, p] = j[q, q] = c
                j[p, q], j[q, p] = s, -s
                a = j.T @ a @ j
    return np.diag(a)


def matrix_exponential(a, terms=12):
    """Scaling, Taylor and squaring: Moler and Van Loan 2003; section 11.3."""
    n = len(a)
    scaled = a / 4
    term, total = np.eye(n), np.eye(n)
    for k in range(1, terms):
        term = term @ scaled / k
        total = total + term
    for _ in range(2):
        total = total @ total
    return total


def pagerank(links, damping=0.85, steps=10):
    """Brin and Page 1998; the matrix of links is weighted."""
    n = len(links)
    out = links.sum(axis=0)
    rank = np.full(n, 1 / n)
    for _ in range(steps):
        new = np.full(n, (1 - damping) / n)
        for i in range(n):
            for j in range(n):
                if links[i, j] > 0.01:
                    new[i] += damping * links[i, j] / out[j] * rank[j]
        rank = new
    return rank


def markov_stationary(p, steps=8):
    """Rows made stochastic, and a walk of many steps: Kemeny and Snell 1960."""
    weights = np.exp(p)
    for i in range(len(weights)):
        weights[i] /= weights[i].sum()
    state = np.zeros(len(p))
    state[0] = 1.0
    for _ in range(steps):
        state = state @ weights
    return state


def levinson(r, y):
    """Toeplitz systems: Levinson 1947; algorithm 4.7.2."""
    n = len(y)
    f, b, x = np.zeros(n), np.zeros(n), np.zeros(n)
    f[0] = b[0] = 1 / r[0]
    x[0] = y[0] / r[0]
    for k in range(1, n):
        ef = sum(r[k - i] * f[i] for i in range(k))
        ex = sum(r[k - i] * x[i] for i in range(k))
        eb = sum(r[i + 1] * b[i] for i in range(k))
        den = 1 - ef * eb
        fnew = f / den
        fnew[1:] -= ef / den * b[:-1]
        bnew = -eb / den * f
        bnew[1:] += b[:-1] / den
        f, b = fnew, bnew
        x += (y[k] - ex) * b
    return x
