"""A heating is tuned while it works: every hour counts, and the weather is as it is.

Each hour the flow temperature and the pump's speed are set for the temperature outside, which
nobody chooses: a context. The bill and the discomfort of that hour are told. A run that looks for
one best point would spend its hours on trying; here the sum of all hours is to be small.
"""

import math

import numpy as np

from rnnbbo import Optimizer

HOURS = 240


def weather(hour, rng):
    """Return the temperature outside in degrees Celsius: cold nights, and a front that passes."""
    day = 5.0 * math.sin(2.0 * math.pi * (hour - 9) / 24.0)
    return float(np.clip(4.0 + day - 6.0 * math.exp(-((hour - 150) ** 2) / 800.0), -10.0, 15.0)) + (
        rng.uniform(-1.0, 1.0)
    )


def hour_of(outside, flow, pump):
    """Return the cost of an hour in euros, and the temperature of the room."""
    # Heat of the radiators (kW), and what the house loses: the room is where both are equal.
    transfer, losses = 0.25 * pump**0.6, 0.18
    room = (transfer * flow + losses * outside) / (transfer + losses)
    heat = transfer * (flow - room)
    efficiency = max(1.5, 6.0 - 0.08 * (flow - outside))  # of a heat pump: worse for hot water
    energy = heat / efficiency + 0.3 * pump**3
    return 0.3 * energy + 0.08 * (room - 21.0) ** 2, room


def best_of(outside):
    """Return the least cost of an hour, by a grid: nobody at work knows it."""
    flows, pumps = np.linspace(25, 60, 141), np.linspace(0.2, 1.0, 81)
    return min(hour_of(outside, flow, pump)[0] for flow in flows for pump in pumps[::4])


def run(setting, rng):
    """Return what every hour cost above the least, (HOURS,)."""
    lost = []
    for hour in range(HOURS):
        outside = weather(hour, rng)
        flow, pump, tell = setting(outside)
        cost, _ = hour_of(outside, flow, pump)
        tell(cost + 0.05 * rng.standard_normal())
        lost.append(cost - best_of(outside))
    return np.array(lost)


def by_rnnbbo():
    """Return a setting of each hour by ask and tell, in the context of the weather."""
    optimizer = Optimizer(
        {"flow": (25.0, 60.0), "pump": (0.2, 1.0), "outside": (-12.0, 17.0)},
        goal="cumulative",
        n_calls=HOURS,
        rng=0,
    )

    def setting(outside):
        point = optimizer.ask(context={"outside": outside})
        return point["flow"], point["pump"], lambda cost: optimizer.tell(point, cost)

    return setting


def by_curve(outside):
    """Return the installer's heating curve: a straight line, and a pump of one speed."""
    return 40.0 - 0.35 * outside, 0.8, lambda cost: None


def main():
    """Print what a day costs more than the least, day by day."""
    ours = run(by_rnnbbo(), np.random.default_rng(1))
    curve = run(by_curve, np.random.default_rng(1))
    print("euros above the least, day by day")
    for name, lost in (("installer's curve", curve), ("tuned at work", ours)):
        days = lost.reshape(-1, 24).sum(axis=1)
        print(f"{name:18}", " ".join(f"{day:6.2f}" for day in days), f"  in all {lost.sum():.2f}")


if __name__ == "__main__":
    main()
