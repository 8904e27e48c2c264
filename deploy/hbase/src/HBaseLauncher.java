import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.master.HMaster;
import org.apache.hadoop.hbase.master.HMasterCommandLine;
import org.apache.hadoop.hbase.thrift.ThriftServer;
import org.apache.hadoop.hbase.thrift.generated.Hbase;
import org.apache.hadoop.util.ToolRunner;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.transport.TSocket;
import sun.misc.Signal;

/**
 * A whole HBase in one JVM: master, region server, ZooKeeper and, once they serve, Thrift 1.
 *
 * The Thrift port opens last. Once Thrift has answered, the file named by -Dready.file is made.
 */
public final class HBaseLauncher {
  private static final long READY_WITHIN_S = 120;
  private static final long STOP_WITHIN_S = 15;
  private static final int ANSWER_WITHIN_MS = 10_000;
  private static final int EXIT_NOT_READY = 3;
  private static final int EXIT_NOT_IN_ORDER = 4;
  private static final int EXIT_TERMINATED = 143;

  private static final AtomicBoolean STOPPING = new AtomicBoolean();
  private static volatile boolean serving;

  private HBaseLauncher() {
  }

  public static void main(String[] args) throws Exception {
    Configuration conf = HBaseConfiguration.create();
    for (String signal : new String[] { "TERM", "INT" }) {
      Signal.handle(new Signal(signal), s -> new Thread(() -> stop(conf), "stop").start());
    }
    new Thread(HBaseLauncher::runMaster, "master").start();
    try {
      HBaseTool.awaitReady(conf, 1, READY_WITHIN_S);
    } catch (Exception e) {
      e.printStackTrace();
      halt(EXIT_NOT_READY);
    }
    serving = true;
    new Thread(() -> announce(conf), "announce").start();
    ThriftServer.main(args);
  }

  /** The first call is slow, for Thrift connects to HBase on it; so it is made here, not by somebody who waits. */
  private static void announce(Configuration conf) {
    int port = conf.getInt("hbase.regionserver.thrift.port", 9090);
    long end = System.nanoTime() + READY_WITHIN_S * 1_000_000_000L;
    while (System.nanoTime() < end) {
      try (TSocket socket = new TSocket(new TConfiguration(), "127.0.0.1", port, ANSWER_WITHIN_MS)) {
        socket.open();
        Hbase.Client client = new Hbase.Client(new TBinaryProtocol(socket));
        for (ByteBuffer table : client.getTableNames()) {
          if (client.isTableEnabled(table)) {
            client.getRow(table, ByteBuffer.wrap(new byte[] { 0 }), Map.of());
          }
        }
        Files.writeString(Path.of(System.getProperty("ready.file")), "");
        return;
      } catch (Exception e) {
        pause(); // the port is not open yet
      }
    }
    halt(EXIT_NOT_READY);
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Without a master there is no reason for the process to live on: it ends as the master ends. */
  private static void runMaster() {
    int code = 1;
    try {
      // HMaster.main would wait for non-daemon threads, up to 30 s after the master has ended.
      code = ToolRunner.run(HBaseConfiguration.create(), new HMasterCommandLine(HMaster.class),
        new String[] { "start" });
    } catch (Throwable e) {
      e.printStackTrace();
    }
    halt(STOPPING.get() ? 0 : Math.max(1, code));
  }

  /** Flushes and closes the regions, then ends the master, which ends the process. */
  private static void stop(Configuration conf) {
    if (!STOPPING.compareAndSet(false, true)) {
      return;
    }
    if (!serving) {
      halt(EXIT_TERMINATED); // a master that still initialises never answers a shutdown
    }
    haltLater();
    try (Connection connection = ConnectionFactory.createConnection(conf);
        Admin admin = connection.getAdmin()) {
      admin.shutdown();
    } catch (Throwable e) {
      e.printStackTrace();
      halt(EXIT_NOT_IN_ORDER);
    }
  }

  /** The WAL holds every acknowledged write, so halting loses nothing but time at the next start. */
  private static void haltLater() {
    Thread watchdog = new Thread(() -> {
      try {
        Thread.sleep(STOP_WITHIN_S * 1000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      System.err.println("HBaseLauncher: not stopped within " + STOP_WITHIN_S + " s, halting");
      halt(EXIT_NOT_IN_ORDER);
    }, "stop-watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
  }

  private static void halt(int code) {
    Runtime.getRuntime().halt(code);
  }
}
