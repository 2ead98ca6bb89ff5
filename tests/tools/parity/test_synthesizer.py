from tests.models.golden_data import checked, golden, golden_networks
from tools.parity.audio import check_style_mel
from tools.parity.synthesizer import check_synthesizer


def missed(cases):
    return {
        name: [(comparison.output, comparison.difference) for comparison in comparisons if not comparison.is_met]
        for name, comparisons in cases.items()
        if not all(comparison.is_met for comparison in comparisons)
    }


@golden
def test_sounds_latents_and_styles_are_the_published_ones():
    networks = golden_networks()
    synthesized = checked("hier", check_synthesizer, networks=networks)
    assert len(synthesized) == 9
    assert missed(synthesized) == {}
    styled = checked("style_mel", check_style_mel, networks=networks)
    assert len(styled) == 7
    assert missed(styled) == {}
