import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from tests.loading import load_script
from tests.models.hierspeechpp.text_to_vector.small import SMALL, normal, small_network

matmul_floor = load_script("benchmarks/matmul_floor.py")


class Operators(TorchDispatchMode):
    """The names of the operators that run while it is on."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def flops_of(work):
    """Operations of matrix products and convolutions, as torch itself counts them."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def test_products_are_done_again_and_nothing_between():
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Conv1d(7, 11, 1))
    with torch.inference_mode():
        again = matmul_floor.matmul_replay(lambda: network(torch.zeros(1, 7, 3)))
        with Operators() as ran:
            again()
    assert ran.names == ["linear", "conv1d"]


def test_the_products_of_a_network_are_all_of_its_products():
    network = small_network()
    tokens, style, noise = torch.arange(9)[None], normal(1, SMALL.style_channels), normal(1, 2, 9)

    def work():
        prior = network.encode_text(tokens, torch.tensor([9]), style)
        network.durations(prior.hidden, prior.mask, style, noise)
        network.generate(prior, torch.full((1, 1, 9), 2.0), style, normal(1, SMALL.channels, 18))

    with torch.inference_mode():
        wanted, found = flops_of(work), flops_of(matmul_floor.matmul_replay(work))
    assert found == wanted > 1_000_000
