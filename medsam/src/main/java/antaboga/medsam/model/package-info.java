// SPDX-License-Identifier: Apache-2.0
/** The architecture of SAM at any size; names of parameters are those of segment_anything. */
@NullMarked
package antaboga.medsam.model;

import org.jspecify.annotations.NullMarked;
