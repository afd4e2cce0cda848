#!/usr/bin/env python3
"""Writes Sources/Devices/ProbeCases.swift: `tools/reference/probe_answers.py > Sources/Devices/ProbeCases.swift`.

The answers are worked out in exact rational arithmetic: a float is a Fraction here, and `rounded` rounds one to the
nearest float, ties to even, denormals kept. Quotients and roots are hard ones, close to the middle between two floats.
"""
from fractions import Fraction
from math import floor, isqrt
import random


def rounded(x, negative_zero=False):
    """The bits of the float nearest to a Fraction."""
    if x == 0:
        return 0x80000000 if negative_zero else 0
    sign, x = (0x80000000, -x) if x < 0 else (0, x)
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    exponent -= x < Fraction(2) ** exponent
    exponent = max(exponent, -126)
    units = round(x / Fraction(2) ** (exponent - 23))  # Python rounds ties of a Fraction to even
    return sign + (units if exponent == -126 else units + ((exponent + 126) << 23))


def value(bits):
    exponent, units = bits >> 23 & 255, bits & 0x7FFFFF
    size = units * Fraction(2) ** -149 if exponent == 0 else (units + 0x800000) * Fraction(2) ** (exponent - 150)
    return -size if bits >> 31 else size


def rounded_root(a):
    """The nearest float to sqrt(a), 1 <= a < 4. A root is never a tie: its square would have too many bits."""
    scaled = floor(a * 4**60)
    root = isqrt(scaled)
    return rounded(Fraction(2 * root + (root * root != scaled), 2**61))


def distance_from_middle(x):
    """How far a positive Fraction lies from the middle between two floats, in ulp."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    exponent -= x < Fraction(2) ** exponent
    units = x / Fraction(2) ** (exponent - 23)
    return abs(units - floor(units) - Fraction(1, 2))


def bits(x):
    result = rounded(Fraction(x))
    assert value(result) == Fraction(x), x
    return result


ONE, MINUS_ONE, MINUS_ZERO, NOT_A_NUMBER = bits(1), bits(-1), 0x80000000, 0x7FC00000
TWO = Fraction(2)
generator = random.Random(1)
rows = []


def significand():
    return 0x3F800000 | generator.getrandbits(23)


def row(name, operation, a, b, c, answer):
    rows.append((name, operation, a, b, c, answer))


# (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, whose last term a rounded product drops and a fused one keeps.
a = bits(1 + TWO**-12)
c = bits(-(1 + TWO**-11))
row("a * b + c is not contracted", 0, a, a, c, 0)
row("c - a * b is not contracted", 1, a, a, bits(1 + TWO**-11), 0)
row("fma is fused", 2, a, a, c, bits(TWO**-24))
# A product in the middle between two floats and a tiny c: rounding to double first forgets c, then goes the wrong way.
a, b = bits(1 + TWO**-23), bits(1 + TWO**-1)
product = value(a) * value(b)
assert distance_from_middle(product) == 0
for sign in (1, -1):
    c = bits(sign * TWO**-60)
    row("fma is rounded once", 2, a, b, c, rounded(product + value(c)))
row("fma keeps denormals", 2, bits(TWO**-75), bits(TWO**-74), bits(TWO**-149), bits(2 * TWO**-149))
row("fma(a, b, -0) keeps the sign of zero", 2, MINUS_ZERO, ONE, MINUS_ZERO, MINUS_ZERO)

pairs = [(significand(), significand()) for _ in range(50_000)]
quotients = sorted(pairs, key=lambda p: distance_from_middle(value(p[0]) / value(p[1])))[:6]
for a, b in [(ONE, bits(3)), (bits(2), bits(3)), (ONE, bits(49))] + quotients:
    row("/ is correctly rounded", 3, a, b, 0, rounded(value(a) / value(b)))
row("/ keeps denormals", 3, bits(TWO**-126), bits(3), 0, rounded(TWO**-126 / 3))
row("/ takes denormals", 3, bits(3 * TWO**-149), bits(TWO**-140), 0, bits(3 * TWO**-9))


def root_distance(a):
    """How far the square of the nearest middle between two floats lies from a."""
    root, half = value(rounded_root(value(a))), TWO**-24
    return min(abs((root + half) ** 2 - value(a)), abs((root - half) ** 2 - value(a)))


roots = sorted((significand() + generator.choice((0, 0x00800000)) for _ in range(20_000)), key=root_distance)[:6]
for a in [bits(2), bits(3)] + roots:
    row("sqrt is correctly rounded", 4, a, 0, 0, rounded_root(value(a)))
row("sqrt takes denormals", 4, bits(TWO**-148), 0, 0, bits(TWO**-74))

row("+ keeps denormals", 5, bits(TWO**-149), bits(TWO**-149), 0, bits(TWO**-148))
row("+ keeps denormals", 5, bits(TWO**-126), bits(-TWO**-127), 0, bits(TWO**-127))
row("-0 + 0 is +0", 5, MINUS_ZERO, 0, 0, 0)
row("+ rounds ties to even", 5, ONE, bits(TWO**-24), 0, ONE)
row("+ rounds ties to even", 5, bits(1 + TWO**-23), bits(TWO**-24), 0, bits(1 + TWO**-22))
row("* keeps denormals", 6, bits(TWO**-126), bits(Fraction(1, 2)), 0, bits(TWO**-127))
row("* keeps denormals", 6, bits(TWO**-149), bits(3), 0, bits(3 * TWO**-149))
row("* rounds denormals", 6, bits(3 * TWO**-149), bits(Fraction(1, 2)), 0, rounded(TWO**-149 * Fraction(3, 2)))
row("-0 * 1 is -0", 6, MINUS_ZERO, ONE, 0, MINUS_ZERO)
row("comparisons see denormals", 7, bits(TWO**-149), 0, 0, ONE)

for x, low, high in [(Fraction(11, 4), -100, 100), (Fraction(-11, 4), -100, 100), (TWO**100, -128, 127),
                     (-TWO**100, -128, 127), (Fraction(-1, 2), -1, 1)]:
    clamped = min(max(x, low), high)
    row("an integer is cut towards zero", 8, bits(x), bits(low), bits(high), bits(int(clamped)))
for x in (Fraction(1, 2), Fraction(3, 2), Fraction(5, 2), Fraction(8388607, 2), Fraction(-5, 2)):
    row("rint rounds ties to even", 9, bits(x), 0, 0, bits(round(x)))
row("rint keeps the sign of zero", 9, bits(Fraction(-1, 2)), 0, 0, MINUS_ZERO)
for x in (Fraction(-1, 4), Fraction(7, 2), -TWO**-149):
    row("floor goes down", 10, bits(x), 0, 0, bits(floor(x)))


def product_high(a):
    """Adds a row whose operand and answer are the bits of normal floats, which no device touches in passing."""
    b = next(b for b in iter(lambda: generator.getrandbits(32), None)
             if 0 < b >> 23 & 255 < 255 and 0 < (a * b >> 32) >> 23 & 255 < 255)
    row("mul_hi gives the high word", 11, a, b, 0, a * b >> 32)


for a in (0xD2511F53, 0xCD9E8D57, 0xD2511F53):  # Philox' multipliers
    product_high(a)
for a in (0xC1A2B3C4, 0x7F012345):
    row("an integer becomes a float", 12, a, 0, 0, bits(a >> 8))

# With constants of the kernel's text: what rules that hold for numbers, but not for signed zeros and NaN, would make of them.
row("x + 0 of -0 is +0", 13, MINUS_ZERO, 0, 0, 0)
row("x + 0 keeps denormals", 13, bits(-TWO**-149), 0, 0, bits(-TWO**-149))
row("fma(a, b, 0) of -0 is +0", 14, MINUS_ZERO, ONE, 0, 0)
row("0 - x of 0 is +0", 15, 0, 0, 0, 0)
row("-x of 0 is -0", 16, 0, 0, 0, MINUS_ZERO)
for x, sign in [(MINUS_ZERO, 0), (0, 0), (bits(-TWO**-149), MINUS_ONE), (bits(3), ONE), (NOT_A_NUMBER, NOT_A_NUMBER)]:
    row("a sign is 1, -1, +0 or NaN", 17, x, 0, 0, sign)
for x, cut in [(MINUS_ZERO, 0), (bits(7), bits(6)), (bits(TWO**-149), bits(TWO**-149)), (NOT_A_NUMBER, NOT_A_NUMBER)]:
    row("what is cut to 0 ... 6 keeps NaN", 18, x, 0, 0, cut)
row("x * 0 has a sign, or is NaN", 19, MINUS_ONE, 0, 0, MINUS_ZERO)
row("x * 0 has a sign, or is NaN", 19, NOT_A_NUMBER, 0, 0, NOT_A_NUMBER)
row("what is positive stays, else +0", 20, MINUS_ZERO, 0, 0, 0)
row("what is positive stays, else +0", 20, NOT_A_NUMBER, 0, 0, 0)

print("""// Written by tools/reference/probe_answers.py, which works the answers out in exact rational arithmetic.

extension Probe {
  /// What the numerical contract asks of a device's arithmetic, with the right answers.
  static let cases: [Case] = [""")
for name, operation, a, b, c, answer in rows:
    print(f'    Case("{name}", {operation}, 0x{a:08x}, 0x{b:08x}, 0x{c:08x}, 0x{answer:08x}),')
print("  ]\n}")
