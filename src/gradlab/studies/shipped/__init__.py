"""Studies that come with gradlab: one TOML file each."""
