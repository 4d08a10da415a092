// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.optim;

import java.util.List;

/**
 * The learning rate of each step, counted from 0: a function, so that a resumed run needs no state.
 *
 * <pre>{@code
 * var schedule = Schedule.cosine(1e-3, 30_000, 1e-5).warmUp(500, 0.01);
 * }</pre>
 */
@FunctionalInterface
public interface Schedule {
  /** The rate of a step. */
  double rate(long step);

  /** The same rate throughout. */
  static Schedule constant(double rate) {
    return new Constant(rate);
  }

  /**
   * From the rate down to the minimum along half a cosine, and the minimum from then on.
   *
   * @param steps the number of steps until the minimum
   */
  static Schedule cosine(double rate, long steps, double minimum) {
    return new Cosine(rate, steps, minimum, false);
  }

  /**
   * The cosine that goes on after its minimum and rises again, as PyTorch's {@code
   * CosineAnnealingLR} does. (Its recursive form and this closed one agree to rounding.)
   */
  static Schedule cosineWave(double rate, long steps, double minimum) {
    return new Cosine(rate, steps, minimum, true);
  }

  /**
   * A cosine that starts again after {@code first} steps, each time {@code factor} times as long;
   * PyTorch's {@code CosineAnnealingWarmRestarts} (Loshchilov and Hutter 2017, arXiv 1608.03983).
   */
  static Schedule cosineRestarts(double rate, long first, int factor, double minimum) {
    return new CosineRestarts(rate, first, factor, minimum);
  }

  /** {@code rate (1 - t / steps)^power}, and 0 from then on. */
  static Schedule poly(double rate, long steps, double power) {
    return new Poly(rate, steps, power);
  }

  /** From one rate to another along a line, and the second one from then on. */
  static Schedule linear(double first, double last, long steps) {
    return new Linear(first, last, steps);
  }

  /** The rate times {@code factor} after every {@code every} steps. */
  static Schedule steps(double rate, long every, double factor) {
    return new Steps(rate, every, factor);
  }

  /** The rate times {@code factor} from each of these steps on. */
  static Schedule milestones(double rate, List<Long> at, double factor) {
    return new Milestones(rate, at, factor);
  }

  /** The rate times {@code factor} after each step. */
  static Schedule exponential(double rate, double factor) {
    return new Steps(rate, 1, factor);
  }

  /**
   * This schedule, times a factor that grows linearly from {@code start} to 1 over the first steps.
   */
  default Schedule warmUp(long steps, double start) {
    return new WarmUp(this, steps, start);
  }

  /** See {@link Schedule#constant}. */
  record Constant(double rate) implements Schedule {
    @Override
    public double rate(long step) {
      return rate;
    }
  }

  /** See {@link Schedule#cosine} and {@link Schedule#cosineWave}. */
  record Cosine(double rate, long steps, double minimum, boolean wave) implements Schedule {
    /** Checks the number of steps. */
    public Cosine {
      requirePositive("cosine", steps);
    }

    @Override
    public double rate(long step) {
      long t = wave ? step : Math.min(step, steps);
      return minimum + (rate - minimum) * (1 + Math.cos(Math.PI * t / steps)) / 2;
    }
  }

  /** See {@link Schedule#cosineRestarts}. */
  record CosineRestarts(double rate, long first, int factor, double minimum) implements Schedule {
    /** Checks the lengths. */
    public CosineRestarts {
      requirePositive("cosine restarts", Math.min(first, factor));
    }

    @Override
    public double rate(long step) {
      long length = first;
      long t = step;
      if (factor == 1) {
        t %= first;
      } else {
        while (t >= length) {
          t -= length;
          length *= factor;
        }
      }
      return minimum + (rate - minimum) * (1 + Math.cos(Math.PI * t / length)) / 2;
    }
  }

  /** See {@link Schedule#poly}. */
  record Poly(double rate, long steps, double power) implements Schedule {
    /** Checks the number of steps. */
    public Poly {
      requirePositive("poly", steps);
    }

    @Override
    public double rate(long step) {
      return rate * Math.pow(Math.max(0, 1 - (double) step / steps), power);
    }
  }

  /** See {@link Schedule#linear}. */
  record Linear(double first, double last, long steps) implements Schedule {
    /** Checks the number of steps. */
    public Linear {
      requirePositive("linear", steps);
    }

    @Override
    public double rate(long step) {
      return first + (last - first) * Math.min(step, steps) / steps;
    }
  }

  /** See {@link Schedule#steps(double, long, double)}. */
  record Steps(double rate, long every, double factor) implements Schedule {
    /** Checks the number of steps. */
    public Steps {
      requirePositive("steps", every);
    }

    @Override
    public double rate(long step) {
      long times = step / every;
      return rate * Math.pow(factor, (double) times);
    }
  }

  /** See {@link Schedule#milestones}. */
  record Milestones(double rate, List<Long> at, double factor) implements Schedule {
    /** Keeps a copy of the list. */
    public Milestones {
      at = List.copyOf(at);
    }

    @Override
    public double rate(long step) {
      long times = at.stream().filter(m -> m <= step).count();
      return rate * Math.pow(factor, (double) times);
    }
  }

  /** See {@link Schedule#warmUp}. */
  record WarmUp(Schedule then, long steps, double start) implements Schedule {
    /** Checks the number of steps. */
    public WarmUp {
      requirePositive("warm-up", steps);
    }

    @Override
    public double rate(long step) {
      return then.rate(step) * (start + (1 - start) * Math.min(step, steps) / steps);
    }
  }

  private static void requirePositive(String schedule, long steps) {
    if (steps < 1) {
      throw new IllegalArgumentException(schedule + ": " + steps + " steps, expected 1 or more");
    }
  }
}
