"""Boltzmann machines against enumeration: every number that a large one estimates is exact in a small one."""

import math

import pytest
import torch

from genmodels.energy import boltzmann, rbm
from genmodels.energy.boltzmann import BoltzmannMachine
from genmodels.energy.dbn import DBN, LabelledConfig, LabelledRBM
from genmodels.energy.rbm import RBM, RBMConfig
from genmodels.runtime import generators


def luck(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def machine(visible: int = 6, hidden: int = 4, scale: float = 1.0, seed: int = 0) -> RBM:
    made, g = RBM(RBMConfig(visible, hidden)).requires_grad_(False), luck(seed)
    for p in made.parameters():
        p.copy_(scale * torch.randn(p.shape, generator=g))
    return made.double()


def labelled(features: int = 4, hidden: int = 3, labels: int = 3, seed: int = 0) -> LabelledRBM:
    made = LabelledRBM(LabelledConfig(features + labels, hidden, labels)).requires_grad_(False)
    g = luck(seed)
    for p in made.parameters():
        p.copy_(torch.randn(p.shape, generator=g))
    return made.double()


def one_hots(features: int, labels: int) -> torch.Tensor:
    """Every visible state that a labelled machine may be in."""
    bits = rbm.states(features).double()
    choice = torch.eye(labels).double()
    return torch.cat([bits.repeat_interleave(labels, 0), choice.repeat(len(bits), 1)], 1)


def data(n: int = 40, visible: int = 6, seed: int = 3) -> torch.Tensor:
    return (torch.rand(n, visible, generator=luck(seed)) < torch.linspace(0.2, 0.8, visible)).double()


# ------------------------------------------------------------------------------------------ energies


def test_states_are_all_different_and_too_many_are_refused():
    assert len(rbm.states(5).unique(dim=0)) == 32 and rbm.states(3)[1].tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match="2\\^21"):
        rbm.states(21)


def test_free_energy_is_the_sum_over_hidden_states():
    made, v = machine(), data(7)
    h = rbm.states(4).double()
    both = torch.stack([-made.energy(x.expand(16, -1), h) for x in v])
    assert torch.allclose(made.free_energy(v), -both.logsumexp(1), atol=1e-10)


def test_log_z_is_the_same_over_either_layer():
    wide, tall = machine(4, 7), machine(7, 4)
    for made in (wide, tall):
        v = rbm.states(made.config.visible).double()
        assert rbm.log_z(made) == pytest.approx((-made.free_energy(v)).logsumexp(0).item(), abs=1e-9)
        assert rbm.log_likelihood(made, v, rbm.log_z(made)).exp().sum().item() == pytest.approx(1, abs=1e-9)


def test_model_moments_are_the_same_over_either_layer():
    made = machine(5, 5)
    v = rbm.states(5).double()
    over_v = rbm.moments(made, v, (-made.free_energy(v)).softmax(0))
    narrow = RBM(RBMConfig(5, 4)).double().requires_grad_(False)
    for p, q in zip(narrow.parameters(), (made.weight[:, :4], made.a, made.b[:4]), strict=True):
        p.copy_(q)
    silent = RBM(RBMConfig(5, 5)).double().requires_grad_(False)
    silent.weight.copy_(torch.cat([made.weight[:, :4], torch.zeros(5, 1).double()], 1))
    silent.a.copy_(made.a), silent.b.copy_(torch.cat([made.b[:4], torch.zeros(1).double()]))
    a, b = rbm.model_moments(narrow), rbm.model_moments(silent)
    assert torch.allclose(a.weight, b.weight[:, :4], atol=1e-9) and torch.allclose(a.a, b.a, atol=1e-9)
    assert b.b[4].item() == pytest.approx(0.5) and over_v.a.shape == (5,)


# ------------------------------------------------------------------------------------------ the gradient


def test_the_exact_gradient_is_autograds():
    made, v = machine().requires_grad_(True), data()
    every = rbm.states(6).double()
    loss = (-made.free_energy(v)).mean() - (-made.free_energy(every)).logsumexp(0)
    loss.backward()
    found = rbm.exact(made, v)
    for p, g in zip((made.weight, made.a, made.b), found, strict=True):
        assert torch.allclose(p.grad, g, atol=1e-9)


def transitions(made: RBM) -> torch.Tensor:
    """p(v' | v) of one sweep, (2^visible, 2^visible), by enumeration."""
    v, h = rbm.states(made.config.visible).double(), rbm.states(made.config.hidden).double()

    def chances(logits: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
        return (logits @ s.T - torch.nn.functional.softplus(logits).sum(1, keepdim=True)).exp()

    return chances(made.hidden_logits(v), h) @ chances(made.visible_logits(h), v)


def expected_cd(made: RBM, x: torch.Tensor, k: int) -> torch.Tensor:
    """The mean of CD-k's gradient by the weights, exactly: data pushed k times through the transitions."""
    v = rbm.states(made.config.visible).double()
    start = (x[:, None] == v).all(2).double().mean(0)
    end = start @ torch.linalg.matrix_power(transitions(made), k)
    return rbm.moments(made, x).weight - rbm.moments(made, v, end).weight


def two_valleys() -> RBM:
    """A machine that likes all units on or all off, and goes from one to the other rarely."""
    made = machine()
    made.weight.copy_(made.weight.abs() * 0.6 + 0.9)
    made.a.copy_(-made.weight.sum(1) / 2), made.b.copy_(-made.weight.sum(0) / 2)
    return made


def test_cd_becomes_the_exact_gradient_as_its_chains_grow():
    made, x = two_valleys(), data()
    true = rbm.exact(made, x).weight
    away = [(expected_cd(made, x, k) - true).norm().item() for k in (1, 2, 5, 10, 20, 1000)]
    assert away == sorted(away, reverse=True) and away[0] > 2 * away[4] and away[-1] < 1e-6


@pytest.mark.parametrize("k", [1, 5])
def test_cd_has_the_mean_that_it_must_and_so_its_bias(k):
    made, x, times = two_valleys(), data(), 2000
    many = x.repeat(times, 1)
    gradient, end = rbm.contrastive_divergence(made, many, k, luck(1))
    each = end[:, :, None] * made.hidden_logits(end).sigmoid()[:, None]
    error = (each.std(0) / math.sqrt(len(many))).clamp_min(1e-6)
    assert ((gradient.weight - expected_cd(made, x, k)) / error).abs().max() < 5
    assert ((gradient.weight - rbm.exact(made, x).weight) / error).abs().max() > 8  # the bias is not chance


def test_persistent_chains_are_unbiased_in_the_long_run():
    made, v = machine(scale=0.7), data()
    true, chains, found = rbm.exact(made, v).weight, data(500, seed=9), []
    g = luck(2)
    for step in range(160):
        gradient, chains = rbm.persistent(made, v, chains, 3, g)
        if step >= 40:
            found.append(gradient.weight)
    mean = torch.stack(found)
    blocks = mean.reshape(12, 10, *true.shape).mean(1)  # neighbours in time are alike: errors by blocks
    error = blocks.std(0) / math.sqrt(12)
    z = (mean.mean(0) - true) / error
    assert z.abs().max() < 5 and z.square().mean() < 3


def test_the_centred_gradient_goes_up_and_agrees_where_means_are_zero():
    made, v = machine(), data()
    gradient = rbm.exact(made, v)
    same = rbm.centred(gradient, torch.zeros(6).double(), torch.zeros(4).double())
    assert all(torch.equal(a, b) for a, b in zip(gradient, same, strict=True))
    moved = rbm.centred(gradient, v.mean(0), made.hidden_logits(v).sigmoid().mean(0))
    ascent = sum((a * b).sum() for a, b in zip(gradient, moved, strict=True))
    assert ascent > 0  # a way uphill, too


def test_flipping_what_is_called_one_changes_the_plain_gradient_and_not_the_centred():
    made, v = machine(), data()
    turned = RBM(RBMConfig(6, 4)).double().requires_grad_(False)  # the same machine on 1 - v
    turned.weight.copy_(-made.weight), turned.a.copy_(-made.a)
    turned.b.copy_(made.b + made.weight.sum(0))
    assert torch.allclose(turned.hidden_logits(1 - v), made.hidden_logits(v))
    one, other = rbm.exact(made, v), rbm.exact(turned, 1 - v)
    mean_h = made.hidden_logits(v).sigmoid().mean(0)
    a = rbm.centred(one, v.mean(0), mean_h).weight
    b = rbm.centred(other, 1 - v.mean(0), mean_h).weight
    assert torch.allclose(a, -b, atol=1e-9) and not torch.allclose(one.weight, -other.weight, atol=1e-3)


def test_learning_raises_the_likelihood():
    made, v = machine(scale=0.1), data()
    before = rbm.log_likelihood(made, v, rbm.log_z(made)).mean()
    for _ in range(30):
        for p, g in zip((made.weight, made.a, made.b), rbm.exact(made, v), strict=True):
            p.add_(0.2 * g)
    assert rbm.log_likelihood(made, v, rbm.log_z(made)).mean() > before + 0.1


# ------------------------------------------------------------------------------------------ Gibbs sampling


def exact_marginals(made: RBM, temperature: float = 1.0) -> torch.Tensor:
    """p(v_i = 1) when p is raised to 1/T, by enumeration of both layers."""
    v, h = rbm.states(made.config.visible).double(), rbm.states(made.config.hidden).double()
    energy = made.energy(v.repeat_interleave(len(h), 0), h.repeat(len(v), 1)) / temperature
    return (-energy).softmax(0).reshape(len(v), len(h)).sum(1) @ v


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_gibbs_reproduces_exact_marginals(temperature):
    made = machine(5, 4)
    start = torch.zeros(20_000, 5).double()
    end = rbm.last(rbm.gibbs(made, start, 60, luck(), temperature=temperature))
    error = (0.25 / len(start)) ** 0.5
    assert (end.v.mean(0) - exact_marginals(made, temperature)).abs().max() < 5 * error


def test_a_chain_cools_to_its_last_temperature():
    heat = rbm.cooling(10, 3.0)
    assert heat == sorted(heat, reverse=True) and heat[0] < 3 and heat[-4:] == [1.0] * 4
    made, start = machine(5, 4), data(50, 5)
    walks = [next(rbm.gibbs(made, start, 1, luck(), temperature=t)).chances for t in (1.0, [1.0], [2.0])]
    assert torch.equal(walks[0], walks[1]) and not torch.allclose(walks[0], walks[2], atol=1e-3)
    ends = rbm.last(
        rbm.gibbs(made, torch.zeros(20_000, 5).double(), 60, luck(), temperature=rbm.cooling(60, 4.0))
    )
    assert (ends.v.mean(0) - exact_marginals(made)).abs().max() < 5 * (0.25 / 20_000) ** 0.5


def test_clamped_units_never_move_and_the_others_follow_the_conditional():
    made = machine(5, 4)
    v = torch.tensor([1.0, 0, 1, 0, 0]).double().expand(20_000, -1)
    keep = torch.tensor([True, True, False, False, False])
    for step in rbm.gibbs(made, v, 60, luck(), keep):
        assert torch.equal(step.v[:, :2], v[:, :2]) and torch.equal(step.chances[:, :2], v[:, :2])
    every = rbm.states(5).double()
    fits = (every[:, 0] == 1) & (every[:, 1] == 0)
    wanted = (-made.free_energy(every[fits])).softmax(0) @ every[fits]
    assert (step.v.mean(0) - wanted).abs().max() < 5 * (0.25 / len(v)) ** 0.5


def test_units_that_are_off_stay_off():
    made, off = machine(), torch.tensor([True, False, True, False])
    for step in rbm.gibbs(made, data(50), 5, luck(), off=off):
        assert not step.h[:, off].any() and step.h[:, ~off].any()


def test_a_chain_is_the_same_alone_and_in_company():
    made = machine(8, 5)
    start = data(6, 8)
    together = rbm.last(rbm.gibbs(made, start, 20, generators(7, 6))).v
    alone = rbm.last(rbm.gibbs(made, start[4:5], 20, generators(11, 1))).v
    assert torch.equal(together[4:5], alone)


# ------------------------------------------------------------------------------------------ log Z


def betas(n: int) -> list[float]:
    return [k / n for k in range(n + 1)]


@pytest.mark.parametrize("which", ["plain", "labelled"])
def test_annealed_importance_sampling_finds_log_z(which):
    if which == "plain":
        made = machine(10, 8)
        true = rbm.log_z(made)
    else:
        made = labelled(6, 5, 3)
        true = (-made.free_energy(one_hots(6, 3))).logsumexp(0).item()
    base = torch.randn(made.config.visible, generator=luck(5)).double()
    end = rbm.last(rbm.ais(made, base, betas(400), 500, luck(6)))
    value, error = rbm.estimate(end.log_weights)
    assert 0 < error < 0.2 and abs(value - true) < 4 * error
    assert rbm.log_z(made) == pytest.approx(true) if which == "plain" else True


def test_weights_of_few_temperatures_are_unbiased_in_the_mean_and_low_in_the_logarithm():
    made = machine(8, 6, scale=1.5)
    true, base = rbm.log_z(made), torch.zeros(8).double()
    log_weights = rbm.last(rbm.ais(made, base, betas(5), 20_000, luck(1))).log_weights
    value, error = rbm.estimate(log_weights)
    assert abs(value - true) < 5 * error and log_weights.mean() < true - 5 * error


# ------------------------------------------------------------------------------------------ labels and layers


def test_a_labelled_machine_always_has_one_label():
    made = labelled()
    start = one_hots(4, 3)[:1].expand(4_000, -1)
    for step in rbm.gibbs(made, start, 30, luck()):
        assert torch.equal(step.v[:, 4:].sum(1), torch.ones(4_000).double())
    every = one_hots(4, 3)
    wanted = (-made.free_energy(every)).softmax(0) @ every
    assert (step.v.mean(0) - wanted).abs().max() < 5 * (0.25 / 4_000) ** 0.5


def test_label_energies_are_free_energies():
    made, x = labelled(), rbm.states(4).double()
    found = made.label_energies(x)
    for y in range(3):
        v = torch.cat([x, torch.eye(3)[y].double().expand(len(x), -1)], 1)
        assert torch.allclose(found[:, y], made.free_energy(v), atol=1e-9)


def small_network() -> DBN:
    return DBN(machine(6, 4, seed=1), labelled(4, 3, 3, seed=2))


def test_the_bound_of_a_deep_network_is_below_its_likelihood():
    network, v = small_network(), rbm.states(6).double()
    z = (-network.top.free_energy(one_hots(4, 3))).logsumexp(0).item()
    h1 = rbm.states(4).double()
    prior = (-network.top.label_energies(h1)).logsumexp(1) - z
    logits = network.bottom.visible_logits(h1)
    pixels = v @ logits.T - torch.nn.functional.softplus(logits).sum(1)
    true = (pixels + prior).logsumexp(1)
    assert true.exp().sum().item() == pytest.approx(1, abs=1e-9)
    bound = network.log_bound(v, z, luck(), draws=400)
    assert (bound < true + 0.05).all() and bound.mean() < true.mean()


def test_a_deep_network_of_two_layers_that_fit_exactly_has_the_likelihood_of_the_lower():
    """Where the upper machine is the lower one turned over, nothing is gained and the bound is tight."""
    bottom = machine(5, 4, seed=4)
    top = LabelledRBM(LabelledConfig(5, 5, 1)).double().requires_grad_(False)
    top.weight.copy_(torch.cat([bottom.weight.T, torch.zeros(1, 5).double()]))
    top.a.copy_(torch.cat([bottom.b, torch.zeros(1).double()])), top.b.copy_(bottom.a)
    z = (-top.free_energy(one_hots(4, 1))).logsumexp(0).item()
    assert z == pytest.approx(rbm.log_z(bottom), abs=1e-9)
    v = rbm.states(5).double()
    bound = DBN(bottom, top).log_bound(v, z, luck(), draws=3)
    assert torch.allclose(bound, rbm.log_likelihood(bottom, v, z), atol=1e-8)


def test_labels_asked_for_stay_and_layers_must_fit():
    network = small_network()
    start = network.start(3, generators(0, 3), torch.tensor([2, 0, 1])).double()
    for step in network.sample(start, 10, generators(0, 3)):
        assert step.labels.argmax(1).tolist() == [2, 0, 1] and step.x.shape == (3, 6)
    assert network.read(data(5)).sum(1).tolist() == pytest.approx([1.0] * 5)
    with pytest.raises(ValueError, match="7 hidden units below, 4 features above"):
        DBN(machine(6, 7), labelled(4, 3, 3))


def test_a_fantasy_is_the_same_alone_and_in_company():
    network = small_network()

    def dream(seed: int, n: int) -> torch.Tensor:
        g = generators(seed, n)
        return rbm.last(network.sample(network.start(n, g).double(), 15, g)).x

    assert torch.equal(dream(3, 4)[2:3], dream(5, 1))


# ------------------------------------------------------------------------------------------ the small machine


def boltzmann_machine(n: int = 4, seed: int = 0) -> BoltzmannMachine:
    w = torch.randn(n, n, generator=luck(seed)).double()
    w = torch.triu(w, 1)
    return BoltzmannMachine(w + w.T, torch.randn(n, generator=luck(seed + 1)).double())


def test_the_half_makes_each_pair_count_once():
    made = boltzmann_machine()
    s = torch.tensor([1.0, 1, 0, 1]).double()
    pairs = made.weight[0, 1] + made.weight[0, 3] + made.weight[1, 3]
    assert made.energy(s).item() == pytest.approx(-(pairs + made.bias[[0, 1, 3]].sum()).item())
    with pytest.raises(ValueError, match="symmetric"):
        BoltzmannMachine(torch.ones(2, 2), torch.zeros(2))


def test_the_gradient_with_hidden_units_is_autograds():
    made = boltzmann_machine(5)
    upper = torch.triu(made.weight, 1).requires_grad_(True)
    bias = made.bias.clone().requires_grad_(True)
    v, s, h = data(9, 3), rbm.states(5).double(), rbm.states(2).double()

    def energy(x: torch.Tensor) -> torch.Tensor:
        return -((x @ upper) * x).sum(-1) - x @ bias

    both = torch.cat([v.repeat_interleave(4, 0), h.repeat(9, 1)], 1)
    loss = (-energy(both)).reshape(9, 4).logsumexp(1).mean() - (-energy(s)).logsumexp(0)
    loss.backward()
    weight, bias_gradient = made.gradient(v)
    assert loss.item() == pytest.approx(made.log_likelihood(v).mean().item())
    assert torch.allclose(torch.triu(weight, 1), torch.triu(upper.grad, 1), atol=1e-9)
    assert torch.allclose(bias_gradient, bias.grad, atol=1e-9)


@pytest.mark.parametrize("temperature", [0.7, 2.0])
def test_hops_come_to_each_state_as_often_as_they_must(temperature):
    made = boltzmann_machine(3, 4)
    counts, n = torch.zeros(8), 12_000
    for hop in boltzmann.hops(made, torch.zeros(3).double(), n, luck(1), temperature):
        counts[int(hop.state @ torch.tensor([1.0, 2, 4]).double())] += 1
        assert 0 < hop.chance < 1
    assert 0.5 * (counts / n - made.chances(temperature)).abs().sum() < 0.035


def test_a_machine_remembers_its_patterns():
    patterns = torch.tensor([[1.0, 1, 0, 0, 1, 0]])
    made = boltzmann.hebb(patterns, 0.5)
    best = made.states()[made.chances().topk(2).indices]
    assert {tuple(s) for s in best.tolist()} == {(1, 1, 0, 0, 1, 0), (0, 0, 1, 1, 0, 1)}


def test_an_rbm_is_a_boltzmann_machine_without_ties_in_a_layer():
    small = machine(3, 2)
    w = torch.zeros(5, 5).double()
    w[:3, 3:] = small.weight
    whole = BoltzmannMachine(w + w.T, torch.cat([small.a, small.b]))
    v = data(6, 3)
    assert torch.allclose(whole.log_likelihood(v), rbm.log_likelihood(small, v, rbm.log_z(small)), atol=1e-9)
    assert whole.log_z() == pytest.approx(rbm.log_z(small))


# ------------------------------------------------------------------------------------------ the recipe


def test_the_recipe_learns_and_its_chains_go_on():
    from argparse import Namespace

    from training.rbm import BOTTOM, SMALL, Run

    bits = rbm.states(3)
    patterns = torch.cat([bits, bits], 1)  # each half says what the other is
    for key in (BOTTOM, SMALL):
        args = Namespace(model=key, lr=1.0, decay=1e-4, chains=64, k=1, seed=0)
        torch.manual_seed(0)
        made = RBM(RBMConfig(6, 5)).requires_grad_(False)
        run = Run(made, lambda g: patterns[torch.randint(8, (64,), generator=g)], args)
        before = rbm.log_likelihood(made, patterns, rbm.log_z(made)).mean()
        for step in range(600):
            run.step(step / 600)
        after = rbm.log_likelihood(run.finished(), patterns, rbm.log_z(made)).mean()
        assert before < -4 and after > -2.6  # the best is -log 8, about -2.08
        assert run.kept == pytest.approx(0.3 * 600, abs=1) and run.chains.shape == (64, 6)


# ------------------------------------------------------------------------------------------ what ships


@pytest.mark.parametrize(
    "cls, name", [(RBM, "rbm-mnist"), (RBM, "rbm-mnist-cd1"), (LabelledRBM, "dbn-mnist")]
)
def test_what_ships_gives_its_golden_outputs(cls, name):
    from safetensors.torch import load_file

    from genmodels import hub

    made, golden = cls.from_pretrained(name), load_file(hub.WEIGHTS / name / "golden.safetensors")
    v = golden["v"].float()
    assert torch.allclose(made.free_energy(v), golden["free_energy"], rtol=1e-4, atol=2e-2)
    assert torch.allclose(made.hidden_logits(v).sigmoid()[:, ::4], golden["hidden"], atol=1e-3)
