// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.Window;
import antaboga.nn.Conv2d;
import antaboga.nn.ConvTranspose2d;
import antaboga.nn.Dropout;
import antaboga.nn.EncoderDecoder;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import java.util.List;
import java.util.Map;

/** A stand-in for a student: three convolutions, two taps, dropout; the head is its decoder. */
record TinySegmenter(Layer stem, Layer deep, Layer head) implements EncoderDecoder {
  TinySegmenter(Weights w) {
    this(
        new Conv2d(w.at("stem"), 3, 8, Window.of(4).stride(4)),
        new Dropout(0.1).then(new Conv2d(w.at("deep"), 8, 8, Window.of(3).padding(1))),
        new ConvTranspose2d(w.at("head"), 16, 1, Window.of(4).stride(4)));
  }

  @Override
  public List<Tap> taps() {
    return List.of(new Tap("stem", 8, 4), new Tap("deep", 8, 4));
  }

  @Override
  public List<Tensor> encode(Tensor image) {
    var shallow = stem.forward(image).silu();
    return List.of(shallow, deep.forward(shallow).silu());
  }

  @Override
  public Tensor decode(List<Tensor> features) {
    return head.forward(Tensor.concat(1, features));
  }

  @Override
  public Output observe(Tensor image) {
    var features = encode(image);
    return new Output(decode(features), Map.of("stem", features.get(0), "deep", features.get(1)));
  }
}
