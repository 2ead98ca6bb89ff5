import torch

from hierbatch.models.hierspeechpp.text_to_vector.durations import ScaleFlow, SplineFlow, StochasticDurationPredictor
from tests.models.golden_rule import with_rule_weights
from tests.models.hierspeechpp.text_to_vector.small import normal

MASK = torch.ones(2, 1, 7)
MASK[1, :, 5:] = 0


def test_every_flow_is_undone():
    x, condition = 3 * normal(2, 2, 7) * MASK, normal(2, 16, 7, seed=2)
    with torch.inference_mode():
        flow = with_rule_weights(SplineFlow(16))
        y, _ = flow(x, MASK, condition)
        assert not torch.allclose(y, x, atol=0.1)
        assert torch.allclose(flow.reverse(y, MASK, condition), x, atol=1e-4)
        scale = with_rule_weights(ScaleFlow())
        scale.shift.fill_(0.3)
        y, log_det = scale(x, MASK)
        assert torch.allclose(scale.reverse(y, MASK), x, atol=1e-5)
        assert torch.allclose(log_det, scale.log_scale.sum() * MASK.sum((1, 2)))


def test_the_log_determinant_is_that_of_the_jacobian():
    flow = with_rule_weights(SplineFlow(16)).double()
    x, condition = 2 * normal(1, 2, 3).double(), normal(1, 16, 3, seed=2).double()
    mask = torch.ones(1, 1, 3).double()
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x, mask, condition)[0], x).reshape(6, 6)
    assert torch.allclose(flow(x, mask, condition)[1], torch.linalg.slogdet(jacobian).logabsdet, atol=1e-8)


def test_durations_are_learned_and_the_text_learns_nothing_from_them():
    torch.manual_seed(0)
    predictor = StochasticDurationPredictor(16, 16, dropout=0.0)
    hidden, style = normal(2, 16, 7).requires_grad_(), normal(2, 16, seed=3).requires_grad_()
    durations = torch.tensor([3.0, 1, 8, 2, 5, 4, 1]).expand(2, 1, -1) * MASK
    optimizer = torch.optim.Adam(predictor.parameters(), lr=5e-3)
    losses = []
    for step in range(30):
        noise = normal(2, 2, 7, seed=step)
        loss = predictor.negative_log_likelihood(hidden, MASK, style, durations, noise).sum() / MASK.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < sum(losses[:5]) - 2
    assert hidden.grad is None
    assert style.grad is None
