"""What holds for every test."""

from hierbatch.engine.ray_settings import keep_ray_at_home


def pytest_configure() -> None:
    # Ray reads its environment when it is imported, and whichever test comes first may import it.
    keep_ray_at_home()
