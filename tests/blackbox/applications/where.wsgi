from where import labelled

application = labelled("script")
