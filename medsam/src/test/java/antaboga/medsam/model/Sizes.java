// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import java.util.Map;
import java.util.Set;

/** A model that is small enough for tests. */
public final class Sizes {
  private Sizes() {}

  /**
   * 48 pixels in patches of 8, four blocks of width 24, two of them in windows that need padding.
   */
  public static MedSamConfig tiny() {
    return new MedSamConfig(48, 48, 8, 24, 4, 3, 2, 4, Set.of(1, 3), true, 16, 2, 32, 8, 16, 3);
  }

  /** The name of Hugging Face's edition, written down the other way round. */
  public static String huggingFace(String name) {
    var pairs =
        Map.ofEntries(
            Map.entry("prompt_encoder.point_embeddings.", "prompt_encoder.point_embed."),
            Map.entry("prompt_encoder.mask_downscaling.0.", "prompt_encoder.mask_embed.conv1."),
            Map.entry(
                "prompt_encoder.mask_downscaling.1.", "prompt_encoder.mask_embed.layer_norm1."),
            Map.entry("prompt_encoder.mask_downscaling.3.", "prompt_encoder.mask_embed.conv2."),
            Map.entry(
                "prompt_encoder.mask_downscaling.4.", "prompt_encoder.mask_embed.layer_norm2."),
            Map.entry("prompt_encoder.mask_downscaling.6.", "prompt_encoder.mask_embed.conv3."),
            Map.entry("mask_decoder.output_upscaling.0.", "mask_decoder.upscale_conv1."),
            Map.entry("mask_decoder.output_upscaling.1.", "mask_decoder.upscale_layer_norm."),
            Map.entry("mask_decoder.output_upscaling.3.", "mask_decoder.upscale_conv2."),
            Map.entry("image_encoder.blocks.", "vision_encoder.layers."),
            Map.entry("image_encoder.patch_embed.proj.", "vision_encoder.patch_embed.projection."),
            Map.entry("image_encoder.neck.0.", "vision_encoder.neck.conv1."),
            Map.entry("image_encoder.neck.1.", "vision_encoder.neck.layer_norm1."),
            Map.entry("image_encoder.neck.2.", "vision_encoder.neck.conv2."),
            Map.entry("image_encoder.neck.3.", "vision_encoder.neck.layer_norm2."),
            Map.entry("image_encoder.pos_embed", "vision_encoder.pos_embed"));
    var renamed = name;
    for (var pair : pairs.entrySet()) {
      if (name.startsWith(pair.getKey())) {
        renamed = pair.getValue() + name.substring(pair.getKey().length());
      }
    }
    if (renamed.endsWith("positional_encoding_gaussian_matrix")) {
      return "prompt_encoder.shared_embedding.positional_embedding";
    }
    if (renamed.contains("_mlps.") || renamed.contains("iou_prediction_head")) {
      renamed =
          renamed
              .replace(".layers.0.", ".proj_in.")
              .replace(".layers.1.", ".layers.0.")
              .replace(".layers.2.", ".proj_out.");
    }
    return renamed
        .replace(".norm_final_attn.", ".layer_norm_final_attn.")
        .replaceAll("\\.norm(\\d)\\.", ".layer_norm$1.");
  }
}
