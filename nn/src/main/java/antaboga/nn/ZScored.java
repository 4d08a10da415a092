// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;
import java.util.List;

/**
 * A network that is shown every image with mean 0 and variance 1, taken over all of its channels
 * and pixels together, so that colours keep their relations:
 *
 * <pre>{@code
 * x' = (x - mean(x)) / sqrt(var(x) + 1e-5)
 * }</pre>
 *
 * <p>A LayerNorm over the channels of a patch, such as VM-UNet's, tells patches by direction alone;
 * where black is 0, grey and bright ones hardly differ in that. Around a mean they do. The same is
 * usual for medical images elsewhere: {@code ZScoreNormalization} of nnU-Net (Isensee et al. 2021).
 */
public final class ZScored {
  private static final double EPS = 1e-5;

  private ZScored() {}

  /** The network, an {@link EncoderDecoder} if this is one. */
  public static Segmenter of(Segmenter network) {
    return network instanceof EncoderDecoder halves ? new Halves(halves) : new Whole(network);
  }

  /** The images as the network is shown them: (B, C, H, W) to the same. */
  public static Tensor image(Tensor x) {
    return x.reshape(x.size(0), 1, -1).instanceNorm(EPS).reshape(x.shape().toArray());
  }

  /** Passes on what it is asked, with other images. */
  private interface Shown extends Segmenter {
    Segmenter network();

    @Override
    default List<Tap> taps() {
      return network().taps();
    }

    @Override
    default Output observe(Tensor x) {
      return network().observe(image(x));
    }

    @Override
    default Tensor forward(Tensor x) {
      return network().forward(image(x));
    }
  }

  private record Whole(Segmenter network) implements Shown {}

  private record Halves(EncoderDecoder network) implements Shown, EncoderDecoder {
    @Override
    public List<Tensor> encode(Tensor x) {
      return network.encode(image(x));
    }

    @Override
    public Tensor decode(List<Tensor> features) {
      return network.decode(features);
    }
  }
}
