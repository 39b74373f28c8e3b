"""Which calls of a command are made to fail: each place in the program that they come from, not each of their number."""
import array
import collections


def hits_of(path):
    """The numbers of the calls that were made from each distinct stack, in the order of the first; `path`: what faults.c recorded."""
    hits = collections.defaultdict(list)
    for number, stack in enumerate(array.array("Q", path.read_bytes()), 1):
        hits[stack].append(number)
    return hits


def ends(numbers):
    """The first, a middle and the last: a loop's beginning, what it has gathered, and its end."""
    return {numbers[0], numbers[len(numbers) // 2], numbers[-1]}


class Command:
    """What a counting run of a command tells: the hits of each stack, and the seconds it took."""

    def __init__(self, case, whole, hits, seconds):
        self.case, self.whole, self.hits, self.seconds = case, whole, hits, seconds
        self.numbers, self.replaced = [], None

    @property
    def calls(self):
        return sum(map(len, self.hits.values()))


def last(numbers):
    return {numbers[-1]}


def choose(commands, hits=ends):
    """Gives each command its numbers. A stack reaches from main to the call, so the same one in two commands is the same code with
    the same callers: it is tried in the quickest of the commands that have it."""
    seen = set()
    for command in sorted(commands, key=lambda command: command.seconds):
        new = [stack for stack in command.hits if stack not in seen]
        seen.update(new)
        command.numbers = sorted(set().union(*(hits(command.hits[stack]) for stack in new)))
    return len(seen)


def choose_by_number(commands, step, first):
    for command in commands:
        command.numbers = list(range(first, command.calls + 1, step))
