// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.mamba.vision.LightMUNet;
import antaboga.mamba.vision.LightMUNetConfig;
import antaboga.mamba.vision.UMamba;
import antaboga.mamba.vision.UMambaConfig;
import antaboga.mamba.vision.UltraLightConfig;
import antaboga.mamba.vision.UltraLightUNet;
import antaboga.mamba.vision.VssUNet;
import antaboga.mamba.vision.VssUNetConfig;
import antaboga.nn.Segmenter;
import antaboga.nn.UNet;
import antaboga.nn.UNetConfig;
import antaboga.nn.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The networks that can be the student; prints as checkpoints and options name it. */
public enum Network {
  /** Student A, 1,344,956 parameters. */
  VSS_UNET_TINY,
  /** Student B, 1,342,948 parameters; scans of every pixel. */
  LIGHT_M_UNET,
  /** Student C, 49,457 parameters. */
  ULTRALIGHT_VM_UNET,
  /** Student D, 1,337,577 parameters. */
  U_MAMBA,
  /** 27,427,561 parameters. */
  VM_UNET,
  /** The plain baseline, 1,348,435 parameters. */
  U_NET;

  /** The network of this name. */
  public static Optional<Network> named(String name) {
    return Stream.of(values()).filter(n -> n.toString().equals(name)).findFirst();
  }

  /** All names. */
  public static List<String> names() {
    return Stream.of(values()).map(Network::toString).toList();
  }

  /** One with these weights. */
  public Segmenter build(Weights weights) {
    return switch (this) {
      case VSS_UNET_TINY -> new VssUNet(weights, VssUNetConfig.tiny());
      case LIGHT_M_UNET -> new LightMUNet(weights, LightMUNetConfig.student());
      case ULTRALIGHT_VM_UNET -> new UltraLightUNet(weights, UltraLightConfig.published());
      case U_MAMBA -> new UMamba(weights, UMambaConfig.student());
      case VM_UNET -> new VssUNet(weights, VssUNetConfig.vmUNet());
      case U_NET -> new UNet(weights, UNetConfig.student());
    };
  }

  /**
   * Where it is compared with the teacher, unless asked otherwise; not where it is wider than the
   * 256 channels of MedSAM.
   */
  public List<String> taps() {
    return switch (this) {
      case VSS_UNET_TINY -> List.of("enc2", "enc3", "dec3");
      case VM_UNET -> List.of("dec3");
      case LIGHT_M_UNET -> List.of("enc2", "enc3");
      case ULTRALIGHT_VM_UNET -> List.of("t4", "t5");
      case U_MAMBA, U_NET -> List.of("enc3", "enc4", "dec4");
    };
  }

  /** Where the distribution terms look at its features. */
  String distribution() {
    return switch (this) {
      case VSS_UNET_TINY, VM_UNET -> "dec3";
      case LIGHT_M_UNET -> "dec0";
      case ULTRALIGHT_VM_UNET -> "decoder4";
      case U_MAMBA, U_NET -> "dec4";
    };
  }

  /** All places where it shows features. */
  public List<String> allTaps() {
    return Stream.concat(taps().stream(), Stream.of(distribution())).distinct().toList();
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
