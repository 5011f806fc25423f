"""A typed client of the service: `from api.client import Client`."""

from api.client.client import Client
from api.client.transport import Progress, ServiceError

__all__ = ["Client", "Progress", "ServiceError"]
