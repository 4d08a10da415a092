// SPDX-License-Identifier: Apache-2.0
/** The demo's report: charts, overlays and one HTML page without outside resources. */
@NullMarked
package antaboga.examples.report;

import org.jspecify.annotations.NullMarked;
