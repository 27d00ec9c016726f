"""Which steps of a walk are taken: all of them with FARM_ALL_STEPS=1 (the long test), else a sample that
FARM_KILL_SEED decides; the seed is printed, so that a failure can be had again."""

import os
import random
import sys

ALL = os.environ.get("FARM_ALL_STEPS") == "1"
SEED = int(os.environ.get("FARM_KILL_SEED") or random.SystemRandom().randrange(1, 10 ** 6))


def chosen(steps, count):
    if ALL or len(steps) <= count:
        return list(steps)
    picked = sorted(random.Random(SEED).sample(range(len(steps)), count))
    print("FARM_KILL_SEED=%d: %s" % (SEED, [steps[i] for i in picked]), file=sys.stderr)
    return [steps[i] for i in picked]


def distinct(steps):
    """In the order of their first occurrence."""
    return list(dict.fromkeys(steps))


def command_name(pid):
    """Empty for one that is gone, also while nobody has asked for its exit status."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
            return "" if rest.split()[0] in ("Z", "X") else name
    except OSError:
        return ""
