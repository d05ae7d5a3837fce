"""The portrait painter behind `genmodels.data.faces`: geometry, colours, one module per part."""
