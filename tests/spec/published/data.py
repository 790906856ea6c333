"""Statistics, finance and learning: filters, hidden states, alignments, nets."""

import math

import numpy as np


def normal_cdf(x):
    b = [0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
    t = 1 / (1 + 0.2316419 * abs(x))
    poly = sum(c * t ** (i + 1) for i, c in enumerate(b))
    tail = math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * poly
    return 1 - tail if x >= 0 else tail


def black_scholes(s, k, t, r, sigma):
    """Black and Scholes 1973: a call."""
    d1 = (math.log(s / k) + (r + sigma**2 / 2) * t) / (sigma * math.sqrt(t))
    d2 = d1 - sigma * math.sqrt(t)
    return s * normal_cdf(d1) - k * math.exp(-r * t) * normal_cdf(d2)


def binomial_put(s, sigma, k=100.0, r=0.05, t=1.0, n=6):
    """Cox, Ross and Rubinstein 1979: an American put, exercised early where that pays."""
    dt = t / n
    u = np.exp(sigma * np.sqrt(dt))
    p = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    values = [max(k - s * u ** (2 * j - n), 0.0) for j in range(n + 1)]
    for step in range(n - 1, -1, -1):
        for j in range(step + 1):
            held = np.exp(-r * dt) * (p * values[j + 1] + (1 - p) * values[j])
            values[j] = max(held, k - s * u ** (2 * j - step))
    return values[0]


def bond_yield(y, flows=((1, 5.0), (2, 5.0), (3, 105.0))):
    """Price, duration and convexity: Macaulay 1938."""
    price = duration = convexity = 0.0
    for t, amount in flows:
        worth = amount / (1 + y) ** t
        price += worth
        duration += t * worth
        convexity += t * (t + 1) * worth / (1 + y) ** 2
    return price, duration / price, convexity / price


def garch(p, returns=(0.1, -0.3, 0.2, 0.5, -0.4, 0.05)):
    """Bollerslev 1986: the likelihood of a series."""
    omega, alpha, beta = p
    variance = omega / (1 - alpha - beta)
    loss = 0.0
    for r in returns:
        loss += 0.5 * (math.log(2 * math.pi * variance) + r * r / variance)
        variance = omega + alpha * r * r + beta * variance
    return loss


def kalman(noise, data=(0.9, 1.1, 1.4, 1.3)):
    """Kalman 1960: the likelihood of a track, over the noises of motion and of measuring."""
    q, r = noise
    f = np.array([[1.0, 1.0], [0.0, 1.0]])
    h = np.array([[1.0, 0.0]])
    x, p = np.zeros(2), np.eye(2)
    loss = 0.0
    for z in data:
        x = f @ x
        p = f @ p @ f.T + q * np.eye(2)
        s = (h @ p @ h.T)[0, 0] + r
        gain = (p @ h.T)[:, 0] / s
        miss = z - (h @ x)[0]
        loss += 0.5 * (np.log(2 * np.pi * s) + miss**2 / s)
        x = x + gain * miss
        p = p - np.outer(gain, h @ p)
    return loss


def hmm_forward(logits, observed=(0, 1, 1, 0, 1)):
    """Baum and Petrie 1966: the forward algorithm in logarithms, over two states."""
    move = logits[:2] - np.log(np.sum(np.exp(logits[:2]), axis=1, keepdims=True))
    emit = logits[2:] - np.log(np.sum(np.exp(logits[2:]), axis=1, keepdims=True))
    alpha = np.log(0.5) + emit[:, observed[0]]
    for o in observed[1:]:
        new = np.zeros(2)
        for j in range(2):
            terms = alpha + move[:, j]
            top = np.max(terms)
            new[j] = top + np.log(np.sum(np.exp(terms - top))) + emit[j, o]
        alpha = new
    return np.logaddexp(alpha[0], alpha[1])


def viterbi(scores):
    """Viterbi 1967: the best path, max and plus."""
    steps, states = scores.shape
    best = scores[0].copy()
    for t in range(1, steps):
        new = np.empty(states)
        for j in range(states):
            top = best[0] - 0.1 * j
            for i in range(1, states):
                top = max(top, best[i] - 0.1 * abs(i - j))
            new[j] = top + scores[t, j]
        best = new
    return max(best)


def dynamic_time_warping(a, b):
    """Sakoe and Chiba 1978."""
    n, m = len(a), len(b)
    d = np.full((n + 1, m + 1), np.inf)
    d[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            d[i, j] = cost + min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1])
    return d[n, m]


def soft_edit_distance(costs, a="cats", b="cart"):
    """Levenshtein 1966 with a soft minimum: Cuturi and Blondel 2017."""
    change, skip, gamma = costs
    previous = [j * skip for j in range(len(b) + 1)]
    for i, letter in enumerate(a, start=1):
        row = [i * skip]
        for j, other in enumerate(b, start=1):
            options = [
                previous[j - 1] + (0.0 if letter == other else change),
                previous[j] + skip,
                row[-1] + skip,
            ]
            low = min(options)
            row.append(low - gamma * math.log(sum(math.exp((low - o) / gamma) for o in options)))
        previous = row
    return previous[-1]


POINTS = np.array([[0.1, 0.2], [0.0, 0.4], [0.9, 1.1], [1.2, 0.8], [2.0, 0.1]])


def k_means(centres):
    """Lloyd 1957: the distance to the nearest centre."""
    loss = 0.0
    for p in POINTS:
        nearest = None
        for c in centres:
            d = np.sum((p - c) ** 2)
            if nearest is None or d < nearest:
                nearest = d
        loss += nearest
    return loss


def gaussian_mixture(params):
    """Dempster, Laird and Rubin 1977: the likelihood of a mixture, over a dict of parameters."""
    weights = np.exp(params["logits"]) / np.sum(np.exp(params["logits"]))
    total = 0.0
    for p in POINTS:
        density = 0.0
        for k in range(len(weights)):
            spread = math.exp(params["log_sigma"][k])
            z = (p - params["means"][k]) / spread
            density += (
                weights[k] * math.exp(-0.5 * (z[0] ** 2 + z[1] ** 2)) / (2 * math.pi * spread**2)
            )
        total -= math.log(density)
    return total


def logistic_regression(w, strength=0.1):
    """Cox 1958, with a ridge."""
    labels = [1, -1, 1, 1, -1]
    loss = strength * (w[:-1] @ w[:-1])
    for p, y in zip(POINTS, labels):
        margin = y * (p @ w[:-1] + w[-1])
        if margin > 0:
            loss += math.log1p(math.exp(-margin))
        else:
            loss += -margin + math.log1p(math.exp(margin))
    return loss


def kriging(theta, y):
    """Sacks et al. 1989: the profiled likelihood of a Gaussian process, by loops and Cholesky."""
    n = len(y)
    r = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            r[i, j] = np.exp(-np.sum(theta * (POINTS[i] - POINTS[j]) ** 2))
        r[i, i] += 1e-6
    low = np.linalg.cholesky(r)
    z = np.zeros(n)
    for i in range(n):
        z[i] = (y[i] - low[i, :i] @ z[:i]) / low[i, i]
    return n / 2 * np.log(z @ z / n) + np.sum(np.log(np.diag(low)))


def mlp(weights, hidden=3):
    """Rumelhart, Hinton and Williams 1986: a net on the points, its weights in one row."""
    w1 = weights[: 2 * hidden].reshape(2, hidden)
    b1 = weights[2 * hidden : 3 * hidden]
    w2, b2 = weights[3 * hidden : 4 * hidden], weights[-1]
    targets = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    out = np.tanh(POINTS @ w1 + b1) @ w2 + b2
    return np.mean((1 / (1 + np.exp(-out)) - targets) ** 2)


def convolution_net(kernel, image):
    """LeCun et al. 1989: valid correlation by loops, rectifier, pooling of two by two."""
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    out[out < 0] = 0
    pooled = np.zeros((rows // 2, columns // 2))
    for i in range(rows // 2):
        for j in range(columns // 2):
            pooled[i, j] = out[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return pooled.sum() + 0.1 * np.sum(out**2)


def lstm(params, inputs=(0.5, -0.3, 0.8, 0.1)):
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""
    w, u, b = params["w"], params["u"], params["b"]
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    n = len(b) // 4
    h, c = np.zeros(n), np.zeros(n)
    for x in inputs:
        z = w * x + u @ h + b
        i, f, o, g = (
            sigmoid(z[:n]),
            sigmoid(z[n : 2 * n]),
            sigmoid(z[2 * n : 3 * n]),
            np.tanh(z[3 * n :]),
        )
        c = f * c + i * g
        h = o * np.tanh(c)
    return h @ h + c.sum()


def attention(q, k, v):
    """Vaswani et al. 2017: scaled dot products, with a mask for what is later."""
    scores = q @ k.T / np.sqrt(q.shape[-1])
    out = np.zeros_like(v)
    for i in range(len(q)):
        row = scores[i, : i + 1]
        e = np.exp(row - row.max())
        out[i] = (e / e.sum()) @ v[: i + 1]
    return out


def cox_partial_likelihood(beta, times=(3.0, 1.0, 4.0, 1.5, 2.0), events=(1, 1, 0, 1, 1)):
    """Cox 1972: proportional hazards."""
    order = sorted(range(len(times)), key=lambda i: -times[i])
    loss, risk = 0.0, 0.0
    for i in order:
        score = POINTS[i] @ beta
        risk += np.exp(score)
        if events[i]:
            loss -= score - np.log(risk)
    return loss


def elo(skills, games=((0, 1), (1, 2), (0, 2), (2, 1))):
    """Elo 1978: ratings after some games, by rounds."""
    ratings = list(skills)
    for winner, loser in games:
        expected = 1 / (1 + 10 ** ((ratings[loser] - ratings[winner]) / 4))
        ratings[winner] = ratings[winner] + 0.5 * (1 - expected)
        ratings[loser] = ratings[loser] - 0.5 * (1 - expected)
    return ratings


def huber_line(p, x=(0.0, 1.0, 2.0, 3.0), y=(0.1, 0.9, 5.0, 3.2), delta=1.0):
    """Huber 1964: a robust line."""
    loss = 0.0
    for a, b in zip(x, y):
        r = abs(p[0] * a + p[1] - b)
        loss += 0.5 * r**2 if r <= delta else delta * (r - delta / 2)
    return loss
