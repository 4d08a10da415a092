// SPDX-License-Identifier: Apache-2.0
/** Layers as records that take their parameters from a place in a tree of names. */
@NullMarked
package antaboga.nn;

import org.jspecify.annotations.NullMarked;
