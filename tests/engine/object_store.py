"""An S3 server of this machine, over a real socket."""

from contextlib import contextmanager

import pytest

from hierbatch import object_path

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "id-of-a-test-7f3a",
    "AWS_SECRET_ACCESS_KEY": "secret-of-a-test-91c4",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def s3_server(bucket):
    """The server with an empty bucket; clients find it by the environment, as they find the real one."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:  # what others put into the environment meanwhile stays, as Ray's token
        for name, value in (ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}).items():
            patch.setenv(name, value)
        object_path._file_system.cache_clear()  # clients of an earlier server, which had another port
        try:
            client = boto3.client("s3")
            client.create_bucket(Bucket=bucket)
            yield client
        finally:
            server.stop()
