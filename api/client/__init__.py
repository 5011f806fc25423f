"""A typed client of the service: `from api.client import Client`."""

from api.client.client import Client
from api.client.events import LiveEvent
from api.client.transport import Progress, ServiceError

__all__ = ["Client", "LiveEvent", "Progress", "ServiceError"]
