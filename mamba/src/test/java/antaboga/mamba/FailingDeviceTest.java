// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.kernel.CudaException;
import antaboga.kernel.FailingDevice;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class FailingDeviceTest {
  private final ScanInputs x = ScanCase.of(2, 20, 4, 40).inputs(DataType.FLOAT, 1);

  /** Wherever memory ends, all of it is given back and the next call has another chance. */
  @Test
  void aFullDeviceSaysWhatWasAskedAndKeepsNothing() {
    var device = new FailingDevice(0);
    var scan = new CudaScan(device);
    int failures = 0;
    for (long room = 0; room < 1 << 20; room += 4096) {
      device.resize(room);
      try {
        var result = scan.forward(x, true);
        scan.backward(x, result, result.y(), null);
        break;
      } catch (CudaException e) {
        failures++;
        assertTrue(e.toString().contains("cuMemAlloc: asked for "), e.toString());
        assertTrue(device.used() <= room);
      }
    }
    assertTrue(failures > 3 && failures < 200, failures + " failures");
  }

  @Test
  void aLostDeviceFailsInEveryCallAndNowhereElse() {
    var device = new FailingDevice(1 << 20);
    var scan = new CudaScan(device);
    var result = scan.forward(x, true);
    device.lose();
    for (int i = 0; i < 3; i++) {
      var e = assertThrows(CudaException.class, () -> scan.forward(x, true));
      assertEquals(46, e.code());
      assertThrows(CudaException.class, () -> scan.backward(x, result, result.y(), null));
    }
  }
}
