// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import org.nd4j.linalg.api.buffer.DataType;

final class Pending {
  private Pending() {}

  static Tensor bilinear(Tensor x, long h, long w) {
    var a = m((int) x.size(-2), (int) h, x.type());
    var b = m((int) x.size(-1), (int) w, x.type());
    long n = x.size(0) * x.size(1);
    var y = x.reshape(n * x.size(2), x.size(3)).linear(b).reshape(n, x.size(2), w);
    return y.permute(0, 2, 1).linear(a).permute(0, 2, 1).reshape(x.size(0), x.size(1), h, w);
  }

  private static Tensor m(int n, int to, DataType t) {
    var v = new float[n * to];
    for (int i = 0; i < to; i++) {
      double at = Math.max(0, (i + 0.5) * n / to - 0.5);
      int k = Math.min((int) at, n - 1);
      v[i * n + k] += (float) (1 - (at - k));
      v[i * n + Math.min(k + 1, n - 1)] += (float) (at - k);
    }
    return Tensor.of(v, to, n).to(t);
  }
}
