"""`Claim`: a statement that a run can hold or break, what it measures, and what it is judged by."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gradlab.errors import SpecError
from gradlab.studies.exact import Value
from gradlab.studies.strict import Strict

LevelValue = str | int | float | bool
Levels = dict[str, LevelValue]
LayerName = Annotated[int, Field(ge=1)] | Literal["output", "every"] | Annotated[str, Field(pattern=r"^norm [1-9]\d*$")]
SPREAD_OF = "spread of "
SPREAD = SPREAD_OF + "where"
KINDS = ("rate", "difference", "readings", "mean", "ratio", "variance_ratio", "boundary", "reaching", "exact")


class Measure(Strict):
    """What a claim measures: a rate, difference or readings, of outcomes; a mean, ratio or variance_ratio; or exact. Just one.

    Attributes:
        rate: Name of an outcome; its rate in the cell(s) of `where`.
        difference: Name of an outcome; its rate in `where` minus that in `minus`, replicas paired.
        readings: Name of an outcome or a metric; the share of the cells of `where` compatible with the published number.
        mean: Name of a metric or a quantity; its mean over the replicas of `where`, less that of `minus` where given.
        ratio: The same; the geometric mean over replicas of the ratio of `where` to `to`.
        variance_ratio: The same; the variance over replicas of `where` over that of `to`, replicas paired.
        boundary: Name of a metric; up to which level of the factor `along` its mean reaches `threshold`, for every
            combination of the other levels in `where`.
        reaching: Name of a metric; the share of the cells of `where` in which its mean reaches `threshold`, less that of
            `minus` where given, cell by cell.
        along: Name of a factor whose levels are numbers, such as depth.
        threshold: Of the metric.
        exact: Name of a computation of an exact study, of which `part` is measured.
        part: Which of its results.
        where: Levels that pick the cell(s).
        minus: Levels that pick the other cell of a difference, or the other cells.
        to: Levels that pick the other cell of a ratio; left out, the same cell.
        layer: Of a quantity: 1 is the first hidden layer, "output" the last, "norm 1" the first norm that stands by itself;
            "every" is the one farthest from what the
            claim expects.
        to_layer: Layer of the other cell, or of the same; the same layer when left out.
        look: 0 for at birth; None for the end.
        to_look: 0 to divide by the same at birth.
        spread: Levels of a cheaper cell whose spread over replicas stands for that of the cell(s) measured; for a mean or
            a ratio of what can be run once only.
    """

    rate: str | None = None
    difference: str | None = None
    readings: str | None = None
    mean: str | None = None
    ratio: str | None = None
    variance_ratio: str | None = None
    boundary: str | None = None
    reaching: str | None = None
    along: str | None = None
    threshold: float | None = None
    exact: str | None = None
    part: str | None = None
    where: Levels = {}
    minus: Levels | None = None
    to: Levels | None = None
    layer: LayerName | None = None
    to_layer: LayerName | None = None
    look: Literal[0] | None = None
    to_look: Literal[0] | None = None
    spread: Levels | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise SpecError("measure", got=kinds or "none of them", expected=f"exactly one of {', '.join(KINDS)}")
        if (self.exact is None) != (self.part is None):
            raise SpecError(
                "measure.part", got=self.part or "nothing", expected="a result, of an exact computation only"
            )
        if self.boundary is not None and (self.along is None or self.threshold is None):
            raise SpecError("measure.boundary", got="no along or no threshold", expected="both")
        if self.reaching is not None and self.threshold is None:
            raise SpecError("measure.reaching", got="no threshold", expected="one")
        if self.reaching is not None and self.minus is not None and self.minus.keys() != self.where.keys():
            expected = f"levels of {', '.join(self.where) or 'nothing'}, as in where: cells are paired by all others"
            raise SpecError("measure.minus", got=self.minus, expected=expected)
        if self.boundary is None and (self.along or (self.threshold is not None and self.reaching is None)):
            raise SpecError("measure.along", got=self.along or self.threshold, expected="a boundary")
        if self.difference is not None and self.minus is None:
            raise SpecError("measure.minus", got="nothing", expected="levels of the other cell")
        if self.minus is not None and (self.difference or self.mean or self.reaching) is None:
            raise SpecError(
                "measure.minus", got=self.minus, expected="levels only for a difference, a mean or reaching"
            )
        divisors = [value for value in (self.to, self.to_layer, self.to_look) if value is not None]
        if self.ratio is not None and not divisors:
            raise SpecError("measure.ratio", got="nothing to divide by", expected="to (levels), to_layer or to_look")
        if self.look == 0 and self.to_look == 0 and len(divisors) == 1:
            raise SpecError("measure.to_look", got="birth divided by birth", expected="another look, layer or cell")
        if self.ratio is None and self.variance_ratio is None and divisors:
            raise SpecError("measure.to", got=divisors[0], expected="a ratio")
        if self.variance_ratio is not None and (self.to is None or len(divisors) > 1 or self.spread is not None):
            raise SpecError("measure.variance_ratio", got="no other cell, or more than that", expected="to (levels)")
        if self.spread is not None and not (self.is_of_numbers or self.readings):
            raise SpecError("measure.spread", got=self.spread, expected="a mean, a ratio or readings")
        return self

    @property
    def name(self) -> str:
        """Name of the outcome, metric or quantity."""
        return next(str(getattr(self, kind)) for kind in KINDS if getattr(self, kind) is not None)

    @property
    def is_of_numbers(self) -> bool:
        """Whether numbers are measured rather than outcomes counted."""
        return self.mean is not None or self.ratio is not None or self.variance_ratio is not None

    @property
    def is_difference(self) -> bool:
        """Whether shares are subtracted, which is told in points."""
        return self.difference is not None or (self.reaching is not None and self.minus is not None)

    @property
    def is_paired(self) -> bool:
        """Whether two cells are compared replica by replica."""
        return self.minus is not None or self.to is not None

    @property
    def cells(self) -> dict[str, Levels]:
        """Levels of every cell named, by the key that names it; `spread` changes some of the others' levels."""
        named = {key: getattr(self, key) for key in ("where", "minus", "to")}
        found = {key: levels for key, levels in named.items() if levels is not None}
        if self.spread is not None:
            found |= {f"{SPREAD_OF}{key}": {**levels, **self.spread} for key, levels in found.items()}
        return found


class Expectation(Strict):
    """What a claim expects where no published number is: a closed form, a bound, or an exact value. Exactly one.

    Attributes:
        theory: Name of a closed form in `studies.compare`; every matching cell within 4 standard errors.
        at_most: The upper end of the 95 % prediction interval for another run stays at or below this.
        at_least: Its lower end stays at or above this.
        below: The 95 % interval of a difference lies below this.
        above: It lies above this.
        equals: What a computation finds, as TOML writes it; nothing is rounded.
        within: Beside the theory of a boundary: the factor up to which it may lie off.
    """

    theory: str | None = None
    at_most: float | None = None
    at_least: float | None = None
    below: float | None = None
    above: float | None = None
    equals: Value | None = None
    within: float | None = Field(default=None, ge=1.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = self.model_dump(exclude_none=True, exclude={"within"})
        if len(kinds) != 1:
            raise SpecError(
                "expected", got=list(kinds) or "nothing", expected="exactly one of theory, a bound or equals"
            )
        return self

    @property
    def is_upper(self) -> bool:
        """Whether the bound is one from above."""
        return self.at_most is not None or self.below is not None


class Claim(Strict):
    """A statement a run can hold or break, with the published number or the expectation it is judged by.

    Attributes:
        id: Begins with the row of the source.
        statement: In words.
        measure: What is measured.
        published: The published number.
        published_replicas: How many networks a published rate rests on.
        source: Where it stands.
        expected: What is expected where nothing is published.
        min_replicas: Fewer leave the claim undecided; 100 for rates and variances, 2 for other numbers.
    """

    id: str = Field(min_length=1)
    statement: str
    measure: Measure
    published: float | None = Field(default=None, allow_inf_nan=False)
    published_replicas: int = Field(default=1000, ge=1)
    source: str = ""
    expected: Expectation | None = None
    min_replicas: int = Field(default=0, ge=0)

    @property
    def rounding(self) -> float:
        """Half a unit of the last digit of the published number: how far rounding may have moved it.

        Example:
            >>> measure = {"mean": "accuracy"}
            >>> Claim(id="C1", statement="", measure=measure, published=0.114).rounding
            0.0005
        """
        exponent = Decimal(repr(self.published or 0.0)).as_tuple().exponent
        return 0.5 * 10.0 ** int(exponent)

    def allows(self, low: float, high: float) -> bool:
        """Whether an interval holds the published number, as it was before it was rounded."""
        assert self.published is not None
        return low - self.rounding <= self.published <= high + self.rounding

    @property
    def needed(self) -> int:
        """Replicas below which the claim is undecided."""
        if self.min_replicas:
            return self.min_replicas
        if self.measure.spread is not None:
            return 1
        of_means = self.measure.is_of_numbers or self.measure.boundary is not None or self.measure.reaching is not None
        return 2 if of_means and self.measure.variance_ratio is None else 100

    @model_validator(mode="after")
    def _judged(self) -> Self:
        if (self.published is None) == (self.expected is None):
            raise SpecError(f'claim "{self.id}"', got="both or neither", expected="either published or expected")
        measure = self.measure
        theory = self.expected is not None and self.expected.theory
        if measure.difference is not None and (self.published is not None or theory or measure.look == 0):
            raise SpecError(f'claim "{self.id}"', got="a difference", expected="a bound (below, above) at the end")
        if measure.is_of_numbers and theory:
            raise SpecError(f'claim "{self.id}"', got=f"theory {theory}", expected="a published number or a bound")
        if measure.reaching is not None and (self.published is not None or theory or measure.look == 0):
            raise SpecError(f'claim "{self.id}"', got="a share of cells", expected="a bound on it, at the end")
        if measure.variance_ratio is not None and self.published is not None:
            raise SpecError(f'claim "{self.id}"', got="a published ratio of variances", expected="a bound")
        if measure.layer == "every" and self.expected is None:
            raise SpecError(f'claim "{self.id}"', got="every layer", expected="a bound, which every layer respects")
        if measure.readings is not None and self.published is None:
            raise SpecError(f'claim "{self.id}"', got="readings", expected="the published number they may reproduce")
        equals = self.expected is not None and self.expected.equals is not None
        if equals != (measure.exact is not None):
            got = "no value" if measure.exact else "an exact value"
            raise SpecError(f'claim "{self.id}".expected', got=got, expected="equals, for an exact computation only")
        within = self.expected.within if self.expected is not None else None
        if (measure.boundary is not None) != (within is not None):
            got = f"a {'boundary' if measure.boundary else 'claim'}, within = {within}"
            raise SpecError(f'claim "{self.id}".expected', got=got, expected="theory and within, of a boundary only")
        is_rate = not measure.is_of_numbers and measure.readings is None
        if is_rate and self.published is not None and not 0.0 <= self.published <= 1.0:
            raise SpecError(f'claim "{self.id}".published', got=self.published, expected="a rate between 0 and 1")
        return self
