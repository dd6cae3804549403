"""A loop over configurations of ConfigSpace, as SMAC's users have it."""

from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from rnnbbo.integrations.configspace import ConfigurationOptimizer

space = ConfigurationSpace(seed=0)
kernel = Categorical("kernel", ["rbf", "poly"], default="poly")
gamma = Float("gamma", (1e-4, 1.0), log=True)
degree = Integer("degree", (1, 5))
space.add(kernel, gamma, degree)
space.add(EqualsCondition(gamma, kernel, "rbf"), EqualsCondition(degree, kernel, "poly"))


def cost(configuration):
    """A model's error, with a best one at rbf and gamma = .01."""
    if configuration["kernel"] == "poly":
        return 1.0 + 0.1 * (configuration["degree"] - 3) ** 2
    return abs(configuration["gamma"] - 0.01) ** 0.5


optimizer = ConfigurationOptimizer(space, rng=0, default_first=True)
for _ in range(30):
    configuration = optimizer.ask()
    optimizer.tell(configuration, cost(configuration))
print(f"{cost(optimizer.incumbent):.4f} at {dict(optimizer.incumbent)}")
