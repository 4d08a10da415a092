// SPDX-License-Identifier: Apache-2.0
/** Reference cases computed by the original PyTorch code, and how tests compare with them. */
@NullMarked
package antaboga.golden;

import org.jspecify.annotations.NullMarked;
