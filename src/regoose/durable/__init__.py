"""What survives a crash: the engine that runs workflows step by step, and the view of its journal."""
