// SPDX-License-Identifier: Apache-2.0
/** The scan over images: SS2D, VSS blocks and the segmentation networks that are built of them. */
@NullMarked
package antaboga.mamba.vision;

import org.jspecify.annotations.NullMarked;
