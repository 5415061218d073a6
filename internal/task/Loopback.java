import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * DynamoDB Local for tests. Its own ServerRunner listens on every interface and has no option
 * against it, so the connector is moved to 127.0.0.1 before the start, to a port that the system
 * chooses. The process ends at the end of its standard input, that is, with whoever started it.
 */
final class Loopback {
  public static void main(String[] args) throws Exception {
    DynamoDBProxyServer engine =
        ServerRunner.createServerFromCommandLineArgs(
            new String[] {"-inMemory", "-sharedDb", "-disableTelemetry"});
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    ServerConnector connector = (ServerConnector) ((Server) field.get(engine)).getConnectors()[0];
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    engine.start();
    System.out.println("rescind-dynamodb-port " + connector.getLocalPort());
    while (System.in.read() >= 0) {
      // Nothing is ever sent; only the end counts.
    }
    Runtime.getRuntime().halt(0);
  }
}
