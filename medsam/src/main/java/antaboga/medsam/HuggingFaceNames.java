// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The names of parameters in Hugging Face's edition of SAM ({@code wanglab/medsam-vit-base}). */
final class HuggingFaceNames {
  private static final String MARK = "vision_encoder.";
  private static final Map<Pattern, String> RULES = rules();

  private HuggingFaceNames() {}

  static boolean isUsedBy(Collection<String> names) {
    return names.stream().anyMatch(name -> name.startsWith(MARK));
  }

  /** The name in segment_anything's own checkpoints. */
  static String toSam(String name) {
    var renamed = name;
    for (var rule : RULES.entrySet()) {
      renamed = rule.getKey().matcher(renamed).replaceAll(rule.getValue());
    }
    return renamed;
  }

  private static Map<Pattern, String> rules() {
    var rules = new LinkedHashMap<Pattern, String>();
    add(rules, "^vision_encoder\\.", "image_encoder.");
    add(rules, "^image_encoder\\.layers\\.", "image_encoder.blocks.");
    add(rules, "^image_encoder\\.patch_embed\\.projection\\.", "image_encoder.patch_embed.proj.");
    add(rules, "^image_encoder\\.neck\\.conv1\\.", "image_encoder.neck.0.");
    add(rules, "^image_encoder\\.neck\\.layer_norm1\\.", "image_encoder.neck.1.");
    add(rules, "^image_encoder\\.neck\\.conv2\\.", "image_encoder.neck.2.");
    add(rules, "^image_encoder\\.neck\\.layer_norm2\\.", "image_encoder.neck.3.");
    add(rules, "^prompt_encoder\\.point_embed\\.", "prompt_encoder.point_embeddings.");
    add(rules, "\\.mask_embed\\.conv1\\.", ".mask_downscaling.0.");
    add(rules, "\\.mask_embed\\.layer_norm1\\.", ".mask_downscaling.1.");
    add(rules, "\\.mask_embed\\.conv2\\.", ".mask_downscaling.3.");
    add(rules, "\\.mask_embed\\.layer_norm2\\.", ".mask_downscaling.4.");
    add(rules, "\\.mask_embed\\.conv3\\.", ".mask_downscaling.6.");
    add(
        rules,
        "^(prompt_encoder\\.shared_embedding|shared_image_embedding)\\.positional_embedding$",
        "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix");
    add(rules, "\\.upscale_conv1\\.", ".output_upscaling.0.");
    add(rules, "\\.upscale_layer_norm\\.", ".output_upscaling.1.");
    add(rules, "\\.upscale_conv2\\.", ".output_upscaling.3.");
    // the order matters: layers.0 is the middle one of three
    var head = "(\\.output_hypernetworks_mlps\\.\\d+|\\.iou_prediction_head)";
    add(rules, head + "\\.layers\\.0\\.", "$1.layers.1.");
    add(rules, head + "\\.proj_in\\.", "$1.layers.0.");
    add(rules, head + "\\.proj_out\\.", "$1.layers.2.");
    add(rules, "\\.layer_norm_final_attn\\.", ".norm_final_attn.");
    add(rules, "\\.layer_norm(\\d)\\.", ".norm$1.");
    return rules;
  }

  private static void add(Map<Pattern, String> rules, String pattern, String replacement) {
    rules.put(Pattern.compile(pattern), replacement);
  }
}
