"""What is refused of SciPy, and why, group by group."""

from __future__ import annotations

from cats.refusals import Refusal, Search
from cats.surface.reasons import (
    BASIS,
    COMPLEX,
    EIGENVALUES,
    FILES,
    LINEAR,
    POLYNOMIALS,
    RANDOM,
    SETTINGS,
    each,
)

NOT_SAID = "it is not said in cats' vocabulary"
UNSAID = Refusal(
    f"{NOT_SAID}, and SciPy's compiled code cannot be looked into",
    "Write it with functions cats knows, or call it by cats.primitive, with its derivative.",
)
INVERSES = Refusal(
    "it solves for a parameter of a distribution by a search, whose derivative is that of an "
    "implicit function",
    "Solve for the parameter with cats.root, or Newton's method.",
)
ZEROS = Refusal(
    "it makes a table of numbers of an order, which is no real variable",
    "Compute the table before, outside of the function.",
)
POLYNOMIAL_OBJECTS = POLYNOMIALS._replace(
    instead="Use scipy.special.eval_legendre and its kin, which are supported."
)
PARTS = COMPLEX._replace(
    instead="Compute its real and its imaginary part by cats.primitive, with their derivatives."
)
BESSEL = COMPLEX._replace(
    instead="Use scipy.special.jv and yv, its real and its imaginary part, or jvp and yvp."
)
LAMBERT = COMPLEX._replace(
    instead="Use cats.root(lambda w: w * np.exp(w) - x, w), from a guess w, as np.log1p(x)."
)
ERRORS = SETTINGS._replace(why="it is about settings of SciPy, and no function of numbers")
SEARCHES = Search(
    "it goes by steps whose number depends on numbers; the derivative is that of an implicit "
    "function",
    "Use cats.root of an equation that the answer solves, from what SciPy finds.",
)
EQUATIONS = SEARCHES._replace(
    why="it looks for a root by steps whose number depends on numbers; the derivative is that of "
    "an implicit function",
    instead="Use cats.root(f, x), from what SciPy finds as x, or from a guess.",
)
FIXED_POINTS = SEARCHES._replace(
    instead="Use cats.fixed_point(f, x), from what SciPy finds as x, or from a guess."
)
DESCENTS = SEARCHES._replace(
    why="it goes down by steps whose number depends on numbers; the derivative is that of an "
    "implicit function",
    instead="Use cats.root(cats.grad(f), x), from what SciPy finds as x, or from a guess.",
)
BOUNDED = SEARCHES._replace(
    instead="Solve the equations that hold at what SciPy finds, those of its active bounds among "
    "them, with np.linalg.solve or cats.root."
)
ASSIGNMENTS = SEARCHES._replace(
    why="its answer is a choice of indices, which does not vary as a number does",
    instead="Find it before, outside of the function, and pass the indices.",
)
ITERATIONS = SEARCHES._replace(
    instead="Use cats.linear_solve(lambda y: A @ y, b), or np.linalg.solve."
)
SPECTRA = SEARCHES._replace(instead="Use np.linalg.eigh or np.linalg.svd of the whole matrix.")
DIFFERENCES = Refusal(
    "it takes differences, which lose digits", "Use cats.grad, cats.jacobian or cats.hessian."
)
QUADRATURES = Refusal(
    "it takes points until an estimate of the error is small, in compiled code",
    "Use scipy.integrate.fixed_quad, or np.trapezoid and scipy.integrate.simpson of values.",
)
FLOWS = Refusal(
    "it chooses its steps by estimates of the error, in compiled code or in classes of its own",
    "Write the steps with cats.scan or cats.fori_loop, as of a Runge-Kutta rule.",
)
HANDLES = Refusal("its result is a function of LAPACK or BLAS", "Use the functions of np.linalg.")
MATRICES_OF_NUMBERS = Refusal(
    "it makes a matrix of a size, or of given numbers, entry by entry",
    "Compute it before, or write its entries with NumPy.",
)
REAL_ANSWERS = Refusal(
    "its answer is a truth value or a number of diagonals",
    "Ask it of an array, outside of the function.",
)

_LINALG: dict[str, Refusal] = {
    **each("null_space orth", BASIS, "scipy.linalg"),
    **each("eig eigvals cdf2rdf rsf2csf schur qz ordqz hessenberg", EIGENVALUES, "scipy.linalg"),
    **each("dft", COMPLEX, "scipy.linalg"),
    **each("find_best_blas_type get_blas_funcs", HANDLES, "scipy.linalg.blas"),
    **each("get_lapack_funcs", HANDLES, "scipy.linalg.lapack"),
    **each("bandwidth ishermitian issymmetric", REAL_ANSWERS, "scipy.linalg"),
    **each("clarkson_woodruff_transform", RANDOM, "scipy.linalg"),
    **each(
        "fiedler fiedler_companion hadamard helmert hilbert invhilbert "
        "invpascal leslie pascal diagsvd",
        MATRICES_OF_NUMBERS,
        "scipy.linalg",
    ),
    **each(
        "cho_solve_banded cholesky_banded eig_banded eigvals_banded eigh_tridiagonal "
        "eigvalsh_tridiagonal solve_banded solveh_banded solve_circulant solve_toeplitz "
        "matmul_toeplitz",
        UNSAID._replace(instead="Write the whole matrix, and use solve, cholesky or eigh."),
        "scipy.linalg",
    ),
    **each(
        "coshm cosm sinhm sinm tanhm tanm signm funm fractional_matrix_power expm_cond "
        "expm_frechet",
        UNSAID._replace(instead="Use scipy.linalg.expm, or eigh and a function of eigenvalues."),
        "scipy.linalg",
    ),
    **each(
        "cossin ldl lu_factor lu_solve matrix_balance orthogonal_procrustes pinvh polar qr_delete "
        "qr_insert qr_multiply qr_update rq subspace_angles solve_continuous_are "
        "solve_discrete_are solve_discrete_lyapunov",
        UNSAID._replace(instead="Use lu, qr, svd, eigh, solve or pinv, which are supported."),
        "scipy.linalg",
    ),
}

_SPECIAL: dict[str, Refusal] = {
    **each(
        "bdtri bdtrik bdtrin btdtria btdtrib chdtriv chndtridf chndtrinc chndtrix fdtri fdtridfd "
        "gdtria gdtrib gdtrix kolmogi nbdtri nbdtrik nbdtrin ncfdtri ncfdtridfd ncfdtridfn "
        "ncfdtrinc nctdtridf nctdtrinc nctdtrit nrdtrimn nrdtrisd pdtrik smirnovi stdtridf",
        INVERSES,
        "scipy.special",
    ),
    **each(
        "ai_zeros bei_zeros beip_zeros ber_zeros berp_zeros bi_zeros erf_zeros fresnel_zeros "
        "fresnelc_zeros fresnels_zeros jn_zeros jnjnp_zeros jnp_zeros jnyn_zeros kei_zeros "
        "keip_zeros kelvin_zeros ker_zeros kerp_zeros y0_zeros y1_zeros y1p_zeros yn_zeros "
        "ynp_zeros bernoulli euler factorial2 factorialk stirling2 "
        "roots_chebyc roots_chebys roots_chebyt roots_chebyu roots_gegenbauer "
        "roots_genlaguerre roots_hermite roots_hermitenorm roots_jacobi roots_laguerre "
        "roots_legendre roots_sh_chebyt roots_sh_chebyu roots_sh_jacobi roots_sh_legendre",
        ZEROS,
        "scipy.special",
    ),
    **each(
        "chebyc chebys chebyt chebyu gegenbauer genlaguerre hermite hermitenorm jacobi laguerre "
        "legendre sh_chebyt sh_chebyu sh_jacobi sh_legendre",
        POLYNOMIAL_OBJECTS,
        "scipy.special",
    ),
    **each(
        "kelvin modfresnelm modfresnelp sph_harm_y sph_harm_y_all wofz",
        PARTS,
        "scipy.special",
    ),
    **each("h1vp h2vp hankel1 hankel1e hankel2 hankel2e", BESSEL, "scipy.special"),
    **each("lambertw", LAMBERT, "scipy.special"),
    **each("geterr seterr", ERRORS, "scipy.special"),
    **each(
        "agm airye assoc_legendre_p assoc_legendre_p_all bei beip ber berp besselpoly chndtr "
        "ellip_harm ellip_harm_2 ellip_normal elliprc elliprd elliprf elliprg elliprj gammasgn "
        "it2i0k0 it2j0y0 it2struve0 itairy iti0k0 itj0y0 itmodstruve0 itstruve0 kei keip ker kerp "
        "kolmogorov legendre_p legendre_p_all lmbda log_wright_bessel lpmv lqmn lqn mathieu_a "
        "mathieu_b mathieu_cem mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 "
        "mathieu_sem mathieu_even_coef mathieu_odd_coef obl_cv obl_cv_seq pro_cv pro_cv_seq "
        "ncfdtr nctdtr obl_ang1 obl_ang1_cv obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv "
        "pbdn_seq pbdv pbdv_seq pbvv pbvv_seq pbwa pro_ang1 pro_ang1_cv pro_rad1 pro_rad1_cv "
        "pro_rad2 pro_rad2_cv riccati_jn riccati_yn smirnov sph_legendre_p sph_legendre_p_all "
        "tklmbda voigt_profile wright_bessel zetac",
        UNSAID,
        "scipy.special",
    ),
}


_SOLVED: dict[str, Refusal | None] = {
    **each(
        "bisect brenth brentq ridder toms748 newton root root_scalar fsolve newton_krylov broyden1 "
        "broyden2 anderson linearmixing diagbroyden excitingmixing",
        EQUATIONS,
        "scipy.optimize",
    ),
    **each("find_root", EQUATIONS, "scipy.optimize._elementwise"),
    **each("fixed_point", FIXED_POINTS, "scipy.optimize"),
    **each(
        "minimize minimize_scalar brent golden fminbound brute fmin fmin_bfgs fmin_cg fmin_cobyla "
        "fmin_l_bfgs_b fmin_ncg fmin_powell fmin_slsqp fmin_tnc leastsq least_squares curve_fit "
        "basinhopping differential_evolution direct dual_annealing shgo",
        DESCENTS,
        "scipy.optimize",
    ),
    **each("find_minimum", DESCENTS, "scipy.optimize._elementwise"),
    **each("isotonic_regression linprog lsq_linear milp nnls", BOUNDED, "scipy.optimize"),
    **each("linear_sum_assignment quadratic_assignment", ASSIGNMENTS, "scipy.optimize"),
    **each(
        "bicg bicgstab cg cgs gcrotmk gmres lgmres lsmr lsqr minres qmr tfqmr",
        ITERATIONS,
        "scipy.sparse.linalg",
    ),
    **each("eigs eigsh lobpcg svds", SPECTRA, "scipy.sparse.linalg"),
    **each("approx_fprime check_grad", DIFFERENCES, "scipy.optimize"),
    **each(
        "rosen_hess_prod",
        UNSAID._replace(instead="Use scipy.optimize.rosen_hess(x) @ p."),
        "scipy.optimize",
    ),
    **dict.fromkeys(f"scipy.optimize.{name}" for name in ("rosen", "rosen_der", "rosen_hess")),
    **each("quad quad_vec dblquad tplquad nquad cubature", QUADRATURES, "scipy.integrate"),
    **each("solve_ivp solve_bvp odeint", FLOWS, "scipy.integrate"),
}

_TRANSFORMS: dict[str, Refusal] = {
    **each("dct dctn dst dstn idct idctn idst idstn fht ifht", LINEAR, "scipy.fft"),
    **each("dct dctn dst dstn idct idctn idst idstn", LINEAR, "scipy.fftpack"),
}

_FILES: dict[str, Refusal] = {
    **each("mmwrite hb_write", FILES, "scipy.io"),
    **each("savemat", FILES, "scipy.io.matlab"),
    **each("write", FILES, "scipy.io.wavfile"),
    **each("save_npz", FILES, "scipy.sparse"),
}

SCIPY: dict[str, Refusal | None] = {
    **_LINALG,
    **_SPECIAL,
    **_SOLVED,
    **_TRANSFORMS,
    **_FILES,
}
