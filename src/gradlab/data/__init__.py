"""What networks learn: a catalog of tasks and the named input sets that looks evaluate."""

from gradlab.data import functions, planar  # noqa: F401  (add their tasks)
from gradlab.data.images import tasks as image_tasks  # noqa: F401  (adds its tasks)
from gradlab.data.tasks import TASKS, Examples, Task

__all__ = ["TASKS", "Examples", "Task"]
