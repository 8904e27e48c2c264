import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.HRegionLocation;
import org.apache.hadoop.hbase.ServerName;
import org.apache.hadoop.hbase.TableExistsException;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.Get;
import org.apache.hadoop.hbase.client.RegionLocator;
import org.apache.hadoop.hbase.client.Table;
import org.apache.hadoop.hbase.client.TableDescriptor;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.util.Bytes;

/**
 * What Thrift 1 cannot do: wait until a server is fit for use, name the region servers, make a
 * table that is split from its birth, end a cluster in order.
 */
public final class HBaseTool {
  private static final TableName PROBE = TableName.valueOf("readiness_probe");
  private static final int MAX_VERSIONS = 1; // as the access layer makes its tables

  private HBaseTool() {
  }

  public static void main(String[] args) throws Exception {
    Configuration conf = HBaseConfiguration.create();
    String verb = args.length == 0 ? "" : args[0];
    if (verb.equals("await-ready") && args.length == 3) {
      awaitReady(conf, Integer.parseInt(args[1]), Long.parseLong(args[2]));
      return;
    }
    try (Connection connection = ConnectionFactory.createConnection(conf);
        Admin admin = connection.getAdmin()) {
      if (verb.equals("servers") && args.length == 1) {
        new TreeSet<>(admin.getRegionServers()).forEach(System.out::println);
      } else if (verb.equals("create-table") && args.length >= 3) {
        createTable(admin, args[1], args[2].split(","), Arrays.asList(args).subList(3, args.length));
      } else if (verb.equals("shutdown") && args.length == 1) {
        admin.shutdown();
      } else {
        System.err.println("usage: HBaseTool await-ready SERVERS SECONDS | servers | shutdown"
          + " | create-table NAME FAMILY[,FAMILY] [HEX SPLIT KEY]...");
        System.exit(2);
      }
    }
  }

  /**
   * Returns once `servers` region servers are up, every region of every enabled table has answered
   * a get, and a table could be made and dropped.
   *
   * An open port says little: after a crash the master accepts calls while it still reads WALs.
   *
   * @throws IOException the last reason, when `seconds` have passed
   */
  static void awaitReady(Configuration conf, int servers, long seconds)
      throws IOException, InterruptedException {
    // A question asked too early waits for its whole time limit; short ones are asked again instead.
    Configuration impatient = new Configuration(conf);
    impatient.setInt("hbase.rpc.timeout", 1000);
    for (String limit : new String[] { "hbase.client.operation.timeout", "hbase.client.meta.operation.timeout" }) {
      impatient.setInt(limit, 1000);
    }
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    for (;;) {
      try (Connection connection = ConnectionFactory.createConnection(impatient);
          Admin admin = connection.getAdmin()) {
        Collection<ServerName> up = admin.getRegionServers();
        if (up.size() < servers) {
          throw new IOException("region servers: " + up.size() + " of " + servers);
        }
        for (TableDescriptor table : admin.listTableDescriptors()) {
          readEachRegion(connection, admin, table.getTableName());
        }
        makeAndDropTable(admin);
        return;
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(100);
      }
    }
  }

  private static void readEachRegion(Connection connection, Admin admin, TableName name)
      throws IOException {
    if (name.equals(PROBE) || !admin.isTableEnabled(name)) {
      return;
    }
    try (RegionLocator locator = connection.getRegionLocator(name);
        Table table = connection.getTable(name)) {
      for (HRegionLocation region : locator.getAllRegionLocations()) {
        byte[] start = region.getRegion().getStartKey();
        table.exists(new Get(start.length == 0 ? new byte[] { 0 } : start));
      }
    }
  }

  private static void makeAndDropTable(Admin admin) throws IOException {
    drop(admin, PROBE); // left by a process that was killed while probing
    createTable(admin, PROBE.getNameAsString(), new String[] { "p" }, List.of());
    drop(admin, PROBE);
  }

  private static void drop(Admin admin, TableName name) throws IOException {
    if (admin.tableExists(name)) {
      if (admin.isTableEnabled(name)) {
        admin.disableTable(name);
      }
      admin.deleteTable(name);
    }
  }

  /** A table that exists already is left as it is, so that a set-up script may run twice. */
  private static void createTable(Admin admin, String name, String[] families, List<String> hexSplits)
      throws IOException {
    TableDescriptorBuilder table = TableDescriptorBuilder.newBuilder(TableName.valueOf(name));
    for (String family : families) {
      table.setColumnFamily(ColumnFamilyDescriptorBuilder.newBuilder(Bytes.toBytes(family))
        .setMaxVersions(MAX_VERSIONS).build());
    }
    List<byte[]> splits = new ArrayList<>();
    for (String hex : hexSplits) {
      splits.add(Bytes.fromHex(hex));
    }
    try {
      admin.createTable(table.build(), splits.isEmpty() ? null : splits.toArray(new byte[0][]));
    } catch (TableExistsException e) {
      System.out.println("table " + name + " exists already");
    }
  }
}
