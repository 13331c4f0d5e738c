"""What several tests share: programs to talk to, a sound server, sounds, damaged inputs."""
