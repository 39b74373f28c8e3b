"""The same command, said again after one that was killed or failed: what of the first may lie about, and what it has to give."""
import re

EXISTS = 5
# What is said a second time, by the command's name; --force where nothing is.
AGAIN = {"encode": ["--resume"], "train": ["--resume"], "prepare": ["--resume"], "score": [], "merge": [],
         "plan": ["--replace"]}
# A name that a run had for a file that was not finished, or for a lock: nobody takes it for an output.
TEMPORARY = re.compile(r"(^|/)\.[^/]+\.new$|\.lock$|(^|/)\.lock$|(^|/)berg-lock$")

# The folder of a training holds nothing that anyone takes for a result.
WORK = re.compile(r"(^|/)work/")


def more_words(case):
    return AGAIN.get(case.arguments.split()[0], ["--force"])


def judge_again(status, error, left, after, whole):
    """The verdict on the same command, said again: "same", or what is wrong."""
    all_done = not [name for name in whole if left.get(name) != whole[name]]
    if status and not (all_done and status == EXISTS):
        return f"again: status {status}: {error}"
    other = [name for name in whole if after.get(name) != whole[name]]
    stays = any(map(WORK.search, whole))  # a stage of a training, behind which the next one, or its end, clears up
    more = [name for name in after if name not in whole and not TEMPORARY.search(name) and not (stays and WORK.search(name))]
    return f"other {other[0]}" if other else f"{more[0]} is left" if more else "same"
