"""`kws doctor`: what is wrong with this machine."""

from kws.cli.listen import ConfigFile, DeviceOption, Model
from kws.cli.options import parse_device


def doctor(model: Model = None, device: DeviceOption = None, config: ConfigFile = None) -> None:
    """Check what `kws listen` needs, and say how to mend what is missing.

    Looks at the model, the processor, the endpoints, groups and
    permissions, PortAudio and the microphone. The exit code is 1 when
    something is bad.

    Examples:

        kws doctor

        kws doctor --device USB
    """
    from kws.audio.hanging import leave_at_once
    from kws.cli.output import write_line
    from kws.config import read_config
    from kws.daemon.doctor import diagnose

    flags = {"model": model, "device": parse_device(device)}
    flags = {name: value for name, value in flags.items() if value is not None}
    bad = False
    for check in diagnose(read_config(flags, config)):
        bad |= check.verdict == "bad"
        write_line(f"{check.verdict:<5} {check.name:<14} {check.detail}")
        if check.fix:
            write_line(f"{'':20} -> {check.fix}")
    # A call into PortAudio that hangs would be waited for.
    leave_at_once(int(bad))
