"""What visitors would see once a certificate has ended: replicas of browser warnings, as pages and as pictures."""

from campaigns.warnings.addresses import Picture, picture_of, picture_url
from campaigns.warnings.scenes import BadHost, Browser, Device, Scene, scene_of

__all__ = ["BadHost", "Browser", "Device", "Picture", "Scene", "picture_of", "picture_url", "scene_of"]
