"""What holds for every test."""

from hierbatch.engine.ray_settings import configure_ray_environment


def pytest_configure() -> None:
    # Ray reads its environment when it is imported, and whichever test comes first may import it.
    configure_ray_environment()
