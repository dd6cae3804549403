"""The kernel policy: weighted hypotheses of a Gaussian process, kept up from tell to tell.

A page of notation for its modules. Four words first:

- A **hypothesis** is one set of hyper-parameters of a Gaussian process: length-scales, kernel,
  noise, warp, trend, additive part, and what outliers mean (`hypotheses.Hypotheses`). Mean and
  amplitude are none of them: they follow from the values (`posterior.profile_out`).
- A **particle** is a hypothesis with a weight and a factor of its covariances.
- The **belief** is all N particles, carried from tell to tell (`inference.Belief`).
- A **view** is the few hypotheses that one ask looks through, drawn from the belief by weight and
  conditioned on what is known (`view.View`).

Code names are given where they differ from the symbol. Covariances and variances are in units of
the amplitude's square unless a line says otherwise; `(...)` is (N,) in a belief, (H,) in a view.

Sizes
    D           dimensions of the unit cube
    N           particles: 64 at first, 12 with many observations        inference.particle_count
    H           hypotheses of a view, at most `KernelConfig.hypotheses`            kernel_policy
    n           rows: the observations that are kept                    `KernelConfig.max_rows`
    P, m        pending points, and all rows conditioned on, m = n + P                      view
    C           keys: candidates at which a posterior is predicted                        search
    S           keys that are climbed from                                          search.starts

What was told
    x           (n, D)          observations, points of the cube
    y           (n,)            their values, lower is better, outliers as the highest of the others
    out         (n,)            which of them are outliers                   policies.outliers
    z           (n,)            heights (y - min y) / std y                   hypotheses.heights
    c           (...)           where a hypothesis' warp bends, `log_warp`       hypotheses.warp
    w           (..., n)        warped values c log(1 + z / c); the model's values
    log dw/dz   (...)           summed over the values: log Jacobian of the warp
    spread      (...)           variance of w over the values

Covariances
    l           (..., D)        length-scales, `log_lengthscale`
    r           (..., C, m)     scaled distance |(x - x') / l|
    k_s         (..., C, m)     Matern-5/2, or squared-exponential where `rbf` is 1   gp.kernels
    k_1, a      a: (...)        rational quadratic of one coordinate, and the `share` of the sum
                                of D of them; 0 where not `separable`                 covariance
    phi, tau    phi: (n, 2 D)   `features` of a quadratic trend, and its deviation; `bend` is
                                tau^2, 0 where not `curved`                           covariance
    k           (..., C, m)     (1 - a) k_s + a / D sum_d k_1 + tau^2 phi . phi'
    own         (..., C)        k(x, x) = 1 + tau^2 |phi(x)|^2, the variance before any value
    noise       (...)           variance of an observation's noise, 0 where not `noisy`
    nugget      (..., n)        noise + JITTER, and LOUD of an outlier where `glitchy`
    q           (...)           rows that say something: n, less the outliers where `glitchy`
    K           (..., n, n)     covariance of observations, k(x, x) + diag(nugget)
    L, W        (..., n, n)     K = L L^T, and `inverse`, W = L^-1: W K W^T = I       gp.factors

Mean and amplitude, integrated out                                     posterior.profile_out
    u, o        (..., n)        W w, and W 1
    mean        (...)           o . u / o . o = (1^T K^-1 w) / (1^T K^-1 1)
    residual    (..., n)        W (w - mean) = u - mean o
    square      (...)           |residual|^2 = (w - mean)^T K^-1 (w - mean)
    amplitude   (...)           deviation of the process: its square is
                                (square + p spread) / (q - 1 + p), p = 1 the prior's weight
    evidence    (...)           log p(w | hypothesis), up to a constant:
                                [p log spread - log |K| - log o . o
                                 - (q - 1 + p) log(square + p spread)] / 2
    target      (...)           evidence + log dw/dz + log prior, `log_target`         inference;
                                where `glitchy`, a fixed density of each outlier in place of that
                                of its nugget                       prior.glitches_log_density
    alpha       (..., m)        K^-1 (w - mean) = W^T residual; 0 for a pending point at its mean

Prediction at keys x                                                               posterior
    mean(x)     (..., C)        mean + k alpha
    s^2         (..., C)        own - |W k|^2, `variance`; amplitude s is the `deviation`
    b, best     (..., 1)        the row of the least posterior mean, and that mean:
                                w - nugget alpha is the posterior mean at the rows
    incumbent   (D,)            the row that is b by most of a view's weight; keys are taken from
                                there, divided by l
    link        (..., m)        noise K^-1 e_b
    c(x)        (..., C)        k link, covariance of f(x) and f(x_b) after the values
    reach       (..., C)        amplitude sqrt((s^2 - c(x)) s / sqrt(s^2 + noise)); the deviation
                                where there is no noise

What is maximised                                                             gp.improvement
    z           (..., C)        (best - mean(x)) / reach, not the heights above
    h           (..., C)        density(z) + z Phi(z), of the normal distribution
    EI          (..., C)        reach h(z), expected improvement
    u, tau, R                   |z|, h(-u) / density(u), and Mills' ratio: how log h is computed,
                                by that module's own letters
    score       (C,)            log EI averaged over a view by `weight`, plus the log chance of a
                                new value (`plateaus`), plus advice
    advice      (C,)            the adviser's score times max(0, 1 - told / advised)
    average     (C,)            log of EI averaged over a view by `weight`, far from the incumbent,
                                where looks near it have gained nothing              stagnation

What has to be at most 0                                                     quantities
    g           (n, K)          constraints, in units of their median magnitude, warped as values
                                are; and a label, 1 where an evaluation failed, -1 elsewhere
    passed      (n,)            observations that are not feasible: b is none of them, and heights
                                are above the best feasible value, so that theirs may be below 0
    log chance  (C,)            sum over them of log Phi(-mean(x) / s), averaged over a view of
                                each; added to log EI, in its place while nothing is feasible,
                                and to minus the mean where the incumbent is refined  acquisition

Several objectives, K of them                                    front_view, hypervolume_gain
    w_j         (..., n)        warped values of objective j, which has a belief of its own; of a
                                view's hypothesis h of each, paired at random, one front
    r           (K,)            reference point, given or derived from what is known
    t           (K,)            a value that the front does not dominate and r is not better than
    gain        (C,)            integral over t of prod_j P(Y_j < t_j): over boxes it is a product
                                of sums of s [h(z_i) - h(z_i-1)] (y_i - y_i-1) / (w_i - w_i-1),
                                z_i = (w_i - mean) / s, i over the front's coordinates, y unwarped
    score       (C,)            log gain, averaged over a view; in place of log EI

Sources, an equation each: k_s, Rasmussen & Williams 2006, eqs. 4.17 and 4.9; k_1, eq. 4.19, summed
as by Duvenaud et al. 2011; trends, eq. 2.12; prediction, eqs. 2.25 and 2.26; mean and amplitude,
section 2.7 and O'Hagan 1978; w, Snelson et al. 2004; EI, Jones et al. 1998, eq. 15, and log h,
Ament et al. 2023, section 4; the probability of feasibility, Gardner et al. 2014; reach, with Scott
et al. 2011; particles, Chopin 2002, moved as by ter Braak 2006; pending points, Snoek et al. 2012,
section 3.2; gain, Emmerich et al. 2006, boxes as by Yang et al. 2019.
"""
