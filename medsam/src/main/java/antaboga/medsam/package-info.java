// SPDX-License-Identifier: Apache-2.0
/** MedSAM for people who have an image and a box: preparation, encoding, masks, training. */
@NullMarked
package antaboga.medsam;

import org.jspecify.annotations.NullMarked;
