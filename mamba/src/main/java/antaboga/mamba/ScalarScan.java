// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Tiles;
import antaboga.kernel.Workers;
import antaboga.ops.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The specification of the scan: plain loops in double precision for arrays of either type, one
 * batch after another within a thread.
 */
final class ScalarScan implements ScanKernel {
  private static final double SOFTPLUS_THRESHOLD = 20;

  @Override
  public String name() {
    return "scalar";
  }

  /** All inputs as doubles; an absent one is empty. */
  private static final class Values {
    final ScanGeometry geometry;
    final boolean softplus;
    final double[] u;
    final double[] delta;
    final double[] deltaWeight;
    final double[] a;
    final double[] b;
    final double[] c;
    final double[] d;
    final double[] z;
    final double[] bias;
    final double[] initial;

    Values(ScanInputs x) {
      geometry = x.geometry();
      softplus = x.softplus();
      u = read(x.u());
      delta = read(x.delta());
      a = read(x.a());
      deltaWeight = read(x.deltaWeight());
      b = geometry.rank() > 0 ? delta : read(x.b());
      c = geometry.rank() > 0 ? delta : read(x.c());
      d = read(x.d());
      z = read(x.z());
      bias = read(x.deltaBias());
      initial = read(x.initial());
    }

    double shifted(int at, int channel) {
      int rank = geometry.rank();
      double sum = bias.length == 0 ? 0 : bias[channel];
      for (int r = 0; r < rank; r++) {
        sum += delta[at + r] * deltaWeight[channel * rank + r];
      }
      return rank > 0 ? sum : sum + delta[at];
    }

    /** δ' of the class comment. */
    double step(int at, int channel) {
      double x = shifted(at, channel);
      return softplus && x <= SOFTPLUS_THRESHOLD ? Math.log1p(Math.exp(x)) : x;
    }

    double stepSlope(int at, int channel) {
      double x = shifted(at, channel);
      return softplus && x <= SOFTPLUS_THRESHOLD ? sigmoid(x) : 1;
    }

    double start(int batch, int channel, int n) {
      int at = (batch * geometry.width() + channel) * geometry.states() + n;
      return initial.length == 0 ? 0 : initial[at];
    }
  }

  @Override
  public Result forward(ScanInputs x, boolean keep) {
    var geometry = x.geometry();
    var y = Arrays.empty(x.u().dataType(), x.u().shape());
    var last =
        Arrays.empty(x.u().dataType(), geometry.batches(), geometry.width(), geometry.states());
    var values = new Values(x);
    var out = new double[values.u.length];
    var end = new double[Math.toIntExact(last.length())];
    Workers.run(geometry.batches(), batch -> forward(values, batch, out, end));
    write(out, y);
    write(end, last);
    return new Result(y, last, null);
  }

  private static void forward(Values x, int batch, double[] y, double[] last) {
    var geometry = x.geometry;
    int states = geometry.states();
    var h = new double[states];
    for (int g = 0; g < geometry.groups(); g++) {
      for (int j = 0; j < geometry.channels(); j++) {
        int channel = g * geometry.channels() + j;
        for (int n = 0; n < states; n++) {
          h[n] = x.start(batch, channel, n);
        }
        for (int t = 0; t < geometry.length(); t++) {
          var at = At.of(geometry, batch, g, j, t);
          double delta = x.step(at.delta, channel);
          double sum = x.d.length == 0 ? 0 : x.d[channel] * x.u[at.u];
          for (int n = 0; n < states; n++) {
            double decay = Math.exp(delta * x.a[channel * states + n]);
            h[n] = decay * h[n] + delta * x.u[at.u] * x.b[at.b(n)];
            sum += x.c[at.c(n)] * h[n];
          }
          y[at.u] += x.z.length == 0 ? sum : sum * x.z[at.u] * sigmoid(x.z[at.u]);
        }
        System.arraycopy(h, 0, last, (batch * geometry.width() + channel) * states, states);
      }
    }
  }

  @Override
  public Gradients backward(
      ScanInputs inputs, Result forward, INDArray dy, @Nullable INDArray dLast) {
    var x = new Values(inputs);
    var gradient = read(dy);
    var lastGradient = read(dLast);
    var type = inputs.u().dataType();
    var partials = new Partial[x.geometry.batches()];
    var shared = new Shared(x);
    Workers.run(
        partials.length,
        batch -> partials[batch] = backward(x, batch, gradient, lastGradient, shared));
    var total = new Partial(x);
    for (var partial : partials) {
      total.add(partial);
    }
    var ddelta = array(shared.delta, inputs.delta(), type);
    return new Gradients(
        array(shared.u, inputs.u(), type),
        ddelta,
        optional(total.deltaWeight, inputs.deltaWeight(), type),
        array(total.a, inputs.a(), type),
        weights(x, total.b, shared.b, inputs.b(), ddelta),
        weights(x, total.c, shared.c, inputs.c(), ddelta),
        optional(total.d, inputs.d(), type),
        optional(shared.z, inputs.z(), type),
        optional(total.bias, inputs.deltaBias(), type),
        optional(shared.initial, inputs.initial(), type));
  }

  /** The gradient of B or C: of its own, or in one array with that of delta. */
  private static INDArray weights(
      Values x, double[] constant, double[] own, INDArray like, INDArray ddelta) {
    return x.geometry.rank() > 0
        ? ddelta
        : array(constant.length > 0 ? constant : own, like, like.dataType());
  }

  /** Gradients in which every batch has a place of its own. */
  private static final class Shared {
    final double[] u;
    final double[] delta;
    final double[] b;
    final double[] c;
    final double[] z;
    final double[] initial;

    Shared(Values x) {
      u = new double[x.u.length];
      delta = new double[x.delta.length];
      b = x.b == x.delta ? delta : new double[x.b.length];
      c = x.c == x.delta ? delta : new double[x.c.length];
      z = new double[x.z.length];
      initial = new double[x.initial.length];
    }
  }

  /** Gradients that are summed over the batches. */
  private static final class Partial {
    final double[] deltaWeight;
    final double[] a;
    final double[] b;
    final double[] c;
    final double[] d;
    final double[] bias;

    Partial(Values x) {
      deltaWeight = new double[x.deltaWeight.length];
      a = new double[x.a.length];
      b = new double[x.geometry.constantB() ? x.b.length : 0];
      c = new double[x.geometry.constantC() ? x.c.length : 0];
      d = new double[x.d.length];
      bias = new double[x.bias.length];
    }

    void add(Partial other) {
      add(deltaWeight, other.deltaWeight);
      add(a, other.a);
      add(b, other.b);
      add(c, other.c);
      add(d, other.d);
      add(bias, other.bias);
    }

    private static void add(double[] sum, double[] x) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += x[i];
      }
    }
  }

  /** The adjoint recurrence, from the last step to the first: method of reverse scan. */
  private static Partial backward(Values x, int batch, double[] dy, double[] dLast, Shared shared) {
    var geometry = x.geometry;
    int states = geometry.states();
    int length = geometry.length();
    var partial = new Partial(x);
    var db = geometry.constantB() ? partial.b : shared.b;
    var dc = geometry.constantC() ? partial.c : shared.c;
    var h = new double[(length + 1) * states];
    var carry = new double[states]; // a_{t+1} e_{t+1}
    for (int g = 0; g < geometry.groups(); g++) {
      for (int j = 0; j < geometry.channels(); j++) {
        int channel = g * geometry.channels() + j;
        int state = (batch * geometry.width() + channel) * states;
        replay(x, batch, g, j, h);
        for (int n = 0; n < states; n++) {
          carry[n] = dLast.length == 0 ? 0 : dLast[state + n];
        }
        for (int t = length - 1; t >= 0; t--) {
          var at = At.of(geometry, batch, g, j, t);
          double delta = x.step(at.delta, channel);
          double u = x.u[at.u];
          double gate = x.z.length == 0 ? 1 : x.z[at.u] * sigmoid(x.z[at.u]);
          double gradient = dy[at.u] * gate;
          double y = x.d.length == 0 ? 0 : x.d[channel] * u;
          double du = x.d.length == 0 ? 0 : x.d[channel] * gradient;
          double ddelta = 0;
          for (int n = 0; n < states; n++) {
            double a = x.a[channel * states + n];
            double b = x.b[at.b(n)];
            double before = h[t * states + n];
            double after = h[(t + 1) * states + n];
            y += x.c[at.c(n)] * after;
            double e = x.c[at.c(n)] * gradient + carry[n];
            dc[at.c(n)] += gradient * after;
            db[at.b(n)] += e * delta * u;
            du += e * delta * b;
            carry[n] = e * Math.exp(delta * a);
            ddelta += carry[n] * before * a + e * u * b;
            partial.a[channel * states + n] += carry[n] * before * delta;
          }
          shared.u[at.u] += du;
          ddelta *= x.stepSlope(at.delta, channel);
          addDelta(x, at.delta, channel, ddelta, shared.delta, partial.deltaWeight);
          if (x.bias.length > 0) {
            partial.bias[channel] += ddelta;
          }
          if (x.d.length > 0) {
            partial.d[channel] += gradient * u;
          }
          if (x.z.length > 0) {
            double s = sigmoid(x.z[at.u]);
            shared.z[at.u] = dy[at.u] * y * s * (1 + x.z[at.u] * (1 - s));
          }
        }
        if (x.initial.length > 0) {
          System.arraycopy(carry, 0, shared.initial, state, states);
        }
      }
    }
    return partial;
  }

  private static void addDelta(
      Values x, int at, int channel, double ddelta, double[] sum, double[] weightSum) {
    int rank = x.geometry.rank();
    if (rank == 0) {
      sum[at] = ddelta;
    }
    for (int r = 0; r < rank; r++) {
      sum[at + r] += ddelta * x.deltaWeight[channel * rank + r];
      weightSum[channel * rank + r] += ddelta * x.delta[at + r];
    }
  }

  /** All states of one channel; row t + 1 is the state after step t. */
  private static void replay(Values x, int batch, int g, int j, double[] h) {
    var geometry = x.geometry;
    int states = geometry.states();
    int channel = g * geometry.channels() + j;
    for (int n = 0; n < states; n++) {
      h[n] = x.start(batch, channel, n);
    }
    for (int t = 0; t < geometry.length(); t++) {
      var at = At.of(geometry, batch, g, j, t);
      double delta = x.step(at.delta, channel);
      for (int n = 0; n < states; n++) {
        double decay = Math.exp(delta * x.a[channel * states + n]);
        h[(t + 1) * states + n] = decay * h[t * states + n] + delta * x.u[at.u] * x.b[at.b(n)];
      }
    }
  }

  /** Where the elements of one step stand in their arrays. */
  private record At(int u, int delta, int b, int bState, int c, int cState) {
    static At of(ScanGeometry geometry, int batch, int g, int j, int t) {
      int position = geometry.position(g, t);
      return new At(
          index(geometry.u(), batch, g, j, position),
          index(geometry.delta(), batch, g, j, position),
          index(geometry.b(), batch, g, j, position),
          Math.toIntExact(geometry.b().state()),
          index(geometry.c(), batch, g, j, position),
          Math.toIntExact(geometry.c().state()));
    }

    private static int index(ScanStrides strides, int batch, int g, int j, int position) {
      return Math.toIntExact(
          strides.base(batch, g) + j * strides.channel() + position * strides.time());
    }

    int b(int n) {
      return b + n * bState;
    }

    int c(int n) {
      return c + n * cState;
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] read(@Nullable INDArray array) {
    if (array == null) {
      return new double[0];
    }
    int length = Math.toIntExact(array.length());
    var values = new double[length];
    if (array.dataType() == DataType.DOUBLE) {
      Tiles.of(array).read(0, values, 0, length);
      return values;
    }
    var floats = new float[length];
    Tiles.of(array).read(0, floats, 0, length);
    for (int i = 0; i < length; i++) {
      values[i] = floats[i];
    }
    return values;
  }

  private static void write(double[] values, INDArray array) {
    if (array.dataType() == DataType.DOUBLE) {
      Tiles.of(array).write(0, values, 0, values.length);
      return;
    }
    var floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    Tiles.of(array).write(0, floats, 0, floats.length);
  }

  private static INDArray array(double[] values, INDArray like, DataType type) {
    var array = Arrays.empty(type, like.shape());
    write(values, array);
    return array;
  }

  private static @Nullable INDArray optional(
      double[] values, @Nullable INDArray like, DataType type) {
    return like == null ? null : array(values, Objects.requireNonNull(like), type);
  }
}
