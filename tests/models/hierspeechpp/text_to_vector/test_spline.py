import pytest
import torch

from hierbatch.models.hierspeechpp.text_to_vector.spline import REACH, Spline
from tests.models.hierspeechpp.text_to_vector.small import normal


@pytest.fixture
def spline():
    settings = [3 * normal(401, n, seed=seed).double() for seed, n in enumerate((10, 10, 9))]
    return Spline(*settings)


def test_the_inverse_undoes_it(spline):
    x = torch.linspace(-7, 7, 401, dtype=torch.double)
    y, _ = spline.forward(x)
    assert torch.allclose(spline.inverse(y), x, atol=1e-6)


def test_the_log_slope_is_that_of_its_derivative(spline):
    x = torch.linspace(-6, 6, 401, dtype=torch.double, requires_grad=True)
    y, log_slope = spline.forward(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert torch.allclose(log_slope, slope.log(), atol=1e-9)


def test_it_rises_everywhere_and_meets_the_identity_at_its_ends():
    one = [3 * normal(1, n, seed=seed).double().expand(401, -1) for seed, n in enumerate((10, 10, 9))]
    x = torch.linspace(-6, 6, 401, dtype=torch.double)
    y, _ = Spline(*one).forward(x)
    assert (y.diff() > 0).all()
    outside = x.abs() >= REACH
    assert torch.allclose(y[outside], x[outside])
